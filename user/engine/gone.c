/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps on the disk since when a domain has nothing, so that a restart does not begin anew. */
#include "engine/gone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "feeds/store.h"

static void gone_remember(const char *directory, struct stored_feed *feed, const char *message)
{
	const char *name = feed->config->name;
	char error[FEED_COPY_ERROR_BYTES];
	struct feed_copy copy = { .url = text_copy(feed->config->url),
				  .fetched_at_sec = time_now_sec(),
				  .bytes = text_copy(message ? message : "") };

	if (copy.url && copy.bytes) {
		copy.byte_count = strlen(copy.bytes);
		if (feed_copy_prepare(directory, name, COPY_GONE, &copy, error) ||
		    feed_copy_commit(directory, name, COPY_GONE))
			log_warning(feed_kinds[feed->config->kind].plural,
				    "%s: cannot record that it is gone, so a restart counts anew",
				    name);
	}
	feed_copy_done(&feed->gone);
	feed->gone = copy;
	free(feed->gone.bytes);
	feed->gone.bytes = NULL;
}

bool gone_is_confirmed(const char *directory, struct stored_feed *feed,
		       struct feed_arrival *arrival)
{
	const char *message = arrival->gone_message ? arrival->gone_message : "it is gone";
	const int64_t now_sec = time_now_sec();
	char since[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES];
	int64_t end_sec;

	/* A time in the future comes from a clock that was wrong. */
	if (!feed->gone.url || feed->gone.fetched_at_sec > now_sec)
		gone_remember(directory, feed, message);
	feed->gone_count++;
	end_sec = feed->gone.fetched_at_sec + feed->config->gone_after_sec;
	if (now_sec >= end_sec && feed->gone_count >= GONE_TRIES_MIN)
		return true;
	refusal_set(&arrival->refusal, OUTCOME_INVALID, "%s since %s%s%s%s", message,
		    time_format(feed->gone.fetched_at_sec, since),
		    feed_entry_count(feed->set) ? "; its entries stay until " : "",
		    feed_entry_count(feed->set)
			? time_format(end_sec > now_sec ? end_sec : now_sec, until)
			: "",
		    feed_entry_count(feed->set) ? " at least" : "");
	return false;
}

void gone_forget(const char *directory, struct stored_feed *feed)
{
	if (!feed->gone.url)
		return;
	if (feed_copy_remove(directory, feed->config->name, COPY_GONE))
		log_warning(feed_kinds[feed->config->kind].plural,
			    "%s: cannot remove the record that it was gone", feed->config->name);
	feed_copy_done(&feed->gone);
	feed->gone_count = 0;
}
