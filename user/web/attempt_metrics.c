/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did with attempts that it was to report. There are no samples if it does not
 * say. */
#include "web/attempt_metrics.h"

#include <inttypes.h>

#include "datapath/events.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static const char *const fate_names[] = {
	[IPWL_FATE_REPORTED] = "reported",
	[IPWL_FATE_SOURCE_LIMIT] = "source_limit",
	[IPWL_FATE_LIMIT] = "limit",
	[IPWL_FATE_RING_FULL] = "ring_full",
};
_Static_assert(sizeof(fate_names) / sizeof(*fate_names) == IPWL_FATE_COUNT, "all");

void attempt_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric attempts = { "ipwl_attempts_total", "counter",
						"Attempts that a block list matches or that are "
						"over a limit, reported by the kernel or left "
						"out." };
	static const struct metric crowded = { "ipwl_attempts_crowded_total", "counter",
					       "Attempts that found no place in the table, so that "
					       "their SYN counts again if it is "
					       "sent again." };
	struct event_counts counts;

	if (datapath_read_event_counts(runtime->datapath, &counts))
		return;
	exposition_head(to, &attempts);
	for (int fate = 0; fate < IPWL_FATE_COUNT; fate++)
		exposition_add(to, "%s{fate=\"%s\"} %" PRIu64 "\n", attempts.name, fate_names[fate],
			       counts.fates[fate]);
	exposition_single(to, &crowded, counts.crowded);
}
