/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes: a listener of the mail server for the senders of one allow list, and whether it is fit
 * to take their connections. A lane that is stuck is worse than none. The listener of ipwl-reject
 * for the senders of a block list is one, too.
 */
#ifndef CORE_LANE_H
#define CORE_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/prefix.h"

/* Where the mail server listens. */
struct lane_end {
	struct prefix address;
	uint16_t port; /* host byte order; 0: there is none for this family */
};

struct lane {
	struct lane_end ends[FAMILY_COUNT];
	uint16_t
	    mail_port;	/* host byte order: only connections to it are handed over; 0: no lane */
	bool is_reject; /* of a block list: to ipwl-reject, whatever the mail port */
	uint32_t per_second; /* connections that are handed over if is_reject */
	bool is_monitor;     /* connections are only counted */
	bool allows_public;  /* other hosts may reach the listener directly */
};

bool lane_is_same(const struct lane *a, const struct lane *b);

/* Room for "[ADDRESS]:PORT". */
#define LANE_END_BYTES (PREFIX_TEXT_BYTES + 8)
/* Write "127.0.0.1:10025" or "[::1]:10025". Returns @text. */
const char *lane_end_format(const struct lane_end *end, char text[LANE_END_BYTES]);

/* Whether only this host can reach the address. */
bool lane_address_is_loopback(const struct prefix *address);

/* What a look at the listener found. */
struct lane_look {
	int err;	      /* 0, or -errno: the kernel did not answer, and the rest is unknown */
	bool is_there;	      /* somebody listens there */
	bool is_public;	      /* that listener accepts connections from other hosts, too */
	uint32_t waiting;     /* connections that wait to be accepted */
	uint32_t waiting_max; /* more are not taken */
};

/* A lane is off when so many of a hundred places in its queue are taken. */
#define LANE_FULL_PERCENT 80
/* It is on again after so many good looks, one a second. */
#define LANE_GOOD_LOOKS 10
/* It stays as it is while so many looks in a row get no answer. */
#define LANE_SILENT_LOOKS 10

/* All zero: it has not been looked at. */
struct lane_health {
	bool is_known;
	bool is_up;
	unsigned int good_count; /* good looks in a row */
	unsigned int silent_count;
	struct lane_look last; /* the last one with an answer, or the first one */
};

/* Take a look into account. The first one decides at once. */
void lane_health_note(struct lane_health *health, const struct lane_look *look, bool allows_public);

/* Room for any reason. */
#define LANE_REASON_BYTES 160
/* Why a lane is not up, after "is off: ". Returns @text. */
const char *lane_health_explain(const struct lane_health *health, const struct lane *lane,
				char text[LANE_REASON_BYTES]);

#endif
