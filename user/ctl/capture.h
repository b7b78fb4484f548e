/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of a capture file (pcap or pcapng, by libpcap) as Ethernet frames. */
#ifndef CTL_CAPTURE_H
#define CTL_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"

/* Why a packet is skipped. */
enum capture_skip {
	SKIP_CUT,      /* the capture has too little of it */
	SKIP_OUTGOING, /* the host sent it: XDP would not see it */
	SKIP_TOO_LONG, /* longer than can be run */
	SKIP_COUNT,
};

/* "cut", "outgoing", "too_long", indexed by enum capture_skip. */
extern const char *const capture_skip_names[SKIP_COUNT];

enum capture_event { CAPTURE_FRAME, CAPTURE_SKIPPED, CAPTURE_END, CAPTURE_ERROR };

struct capture;

struct captured {
	const uint8_t *frame;	/* from its Ethernet header on; until the next call */
	size_t bytes;		/* as on the wire: what was not captured is zero */
	enum capture_skip skip; /* of CAPTURE_SKIPPED */
	int64_t at_ns;		/* when it was captured, since 1970 */
};

/* Open a file, or standard input for "-". Link types: Ethernet, raw IP, Linux cooked 1
 * and 2. Reports errors. Return: CTL_DONE, CTL_INVALID or CTL_DENIED. */
enum ctl_exit capture_open(const char *path, struct capture **ret_capture);
/* NULL is fine. */
void capture_close(struct capture *capture);

/* The next packet; an error is reported. */
enum capture_event capture_next(struct capture *capture, struct captured *ret_captured);

/* "EN10MB". */
const char *capture_link_type(const struct capture *capture);

/* How much of the file is read, 0 to 100, or -1: it is no regular file. */
int capture_percent(const struct capture *capture);

#endif
