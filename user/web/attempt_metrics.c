/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did with attempts that it was to report. There are no samples if it does not
 * say. */
#include "web/attempt_metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "datapath/events.h"
#include "runtime/runtime.h"

static const char *const fate_names[] = {
	[IPWL_FATE_REPORTED] = "reported",
	[IPWL_FATE_SOURCE_LIMIT] = "source_limit",
	[IPWL_FATE_LIMIT] = "limit",
	[IPWL_FATE_RING_FULL] = "ring_full",
};
_Static_assert(sizeof(fate_names) / sizeof(*fate_names) == IPWL_FATE_COUNT, "all");

void attempt_metrics_write(const struct runtime *runtime, struct evbuffer *buffer)
{
	struct event_counts counts;

	if (datapath_read_event_counts(runtime->datapath, &counts))
		return;
	evbuffer_add_printf(buffer, "# HELP ipwl_attempts_total Attempts of sources that a block "
				    "list contains, reported by the kernel or left out.\n"
				    "# TYPE ipwl_attempts_total counter\n");
	for (int fate = 0; fate < IPWL_FATE_COUNT; fate++)
		evbuffer_add_printf(buffer, "ipwl_attempts_total{fate=\"%s\"} %" PRIu64 "\n",
				    fate_names[fate], counts.fates[fate]);
	evbuffer_add_printf(buffer,
			    "# HELP ipwl_attempts_crowded_total Attempts that found no place in "
			    "the table, so that their SYN counts again if it is sent again.\n"
			    "# TYPE ipwl_attempts_crowded_total counter\n"
			    "ipwl_attempts_crowded_total %" PRIu64 "\n",
			    counts.crowded);
}
