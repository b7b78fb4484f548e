/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Summaries as text and back. What is read must be what would be written. */
#include "fleet/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key that is signed. Keys of records have blanks. */
#define SUMMARY_KEY "summary"

static const char *const state_names[] = { "here", "gone" };

static void write_text(const struct fleet_summary *summary, char text[FLEET_SUMMARY_BYTES])
{
	snprintf(text, FLEET_SUMMARY_BYTES, "1 %s %" PRIu64 " %016" PRIx64 " %" PRId64 " %" PRId64,
		 state_names[summary->is_gone], summary->count, summary->digest, summary->stamp_ms,
		 summary->heard_ms);
}

int fleet_summary_format(const struct fleet_summary *summary, const struct fleet_signer *signer,
			 const char *host, char text[FLEET_SUMMARY_BYTES])
{
	write_text(summary, text);
	return fleet_sign(signer, host, SUMMARY_KEY, text);
}

int fleet_summary_parse(char *text, const struct fleet_signer *signer, const char *host,
			struct fleet_summary *ret_summary)
{
	struct fleet_summary summary = { 0 };
	char again[FLEET_SUMMARY_BYTES];
	char *end;

	if (strlen(text) >= FLEET_SUMMARY_BYTES ||
	    !fleet_sign_check(signer, host, SUMMARY_KEY, text) || strlen(text) < 7)
		return -EINVAL;
	summary.is_gone = !strncmp(text + 2, state_names[true], 4);
	summary.count = strtoull(text + 7, &end, 10);
	summary.digest = strtoull(end, &end, 16);
	summary.stamp_ms = strtoll(end, &end, 10);
	summary.heard_ms = strtoll(end, &end, 10);
	write_text(&summary, again);
	if (strcmp(text, again))
		return -EINVAL;
	*ret_summary = summary;
	return 0;
}
