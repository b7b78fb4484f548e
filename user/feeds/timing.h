/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a feed is fetched next: sets feed_state.next_at_sec. */
#ifndef FEEDS_TIMING_H
#define FEEDS_TIMING_H

#include "feeds/schedule.h"

/* Reschedule a feed after a start or reload: its source may have changed, or its interval may be
 * shorter. */
void feed_schedule_anew(struct feed_state *state, const struct feed_config *config);

/* Schedule a feed after a fetch. @config may be NULL: the feed is gone. @retry_after_sec: the
 * source does not want to be asked earlier; 0: it does not mind. */
void feed_schedule_next(struct feed_state *state, const struct feed_config *config,
			int64_t retry_after_sec);

#endif
