/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks up sources that a block list matches in DNS allow lists, and has those allowed that a list
 * knows well enough. ipwl-resolve asks; the loop never waits.
 */
#ifndef RUNTIME_RESCUE_H
#define RUNTIME_RESCUE_H

#include "config/rescue_config.h"
#include "rescue/judge.h"

struct attempt;
struct rescue;
struct runtime;

/* Return: 0 or -ENOMEM. */
int rescue_open(struct runtime *runtime, struct rescue **ret_rescue);
/* After the worker has stopped. NULL is fine. */
void rescue_close(struct rescue *rescue);

/* Follow the configuration in force. A zone whose settings are the same goes on. */
void rescue_configure(struct rescue *rescue);

/* An attempt that the kernel reported: its source is looked up if it was dropped, or would have
 * been. NULL is fine. */
void rescue_offer(struct rescue *rescue, const struct attempt *attempt);

/* What became of a source. */
enum rescue_result {
	RESCUE_RESULT_RESCUED,
	RESCUE_RESULT_UNLISTED,
	RESCUE_RESULT_TOO_LOW, /* its answer was not enough */
	RESCUE_RESULT_FAILED,  /* there was no usable answer */
	RESCUE_RESULT_REFUSED, /* never learned, or max_entries is reached */
	RESCUE_RESULT_COUNT,
};

/* Why a source was not looked up. */
enum rescue_skip {
	RESCUE_SKIP_KNOWN, /* it was a short time ago, or waits */
	RESCUE_SKIP_FULL,  /* too many wait */
	RESCUE_SKIP_OFF,   /* the zone is off */
	RESCUE_SKIP_NEVER, /* private or reserved space, this host's, or never learned */
	RESCUE_SKIP_COUNT,
};

/* "rescued", "unlisted", "too_low", "failed", "refused"; "known", "queue", "off", "never". */
extern const char *const rescue_result_names[RESCUE_RESULT_COUNT];
extern const char *const rescue_skip_names[RESCUE_SKIP_COUNT];

struct rescue_status {
	const char *zone;
	const char *list;
	bool is_up;
	const char *problem;	/* why it is not up; "": it has not been checked yet */
	int64_t checked_at_sec; /* 0: not yet */
	size_t entries;		/* in force */
	size_t waiting;
	uint64_t queries; /* counted when they are sent */
	uint64_t results[RESCUE_RESULT_COUNT];
	uint64_t skips[RESCUE_SKIP_COUNT];
	uint64_t left_today; /* queries that the limit of the day allows now */
};

size_t rescue_count(const struct rescue *rescue);
/* @index: below rescue_count(). The strings are valid until the loop runs again. */
void rescue_get_status(const struct rescue *rescue, size_t index, struct rescue_status *ret_status);

#endif
