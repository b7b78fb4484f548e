/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the shield against floods is on, and what became of SYNs meanwhile. */
#include "web/flood_metrics.h"

#include <inttypes.h>

#include "datapath/flood.h"
#include "runtime/flood.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

void flood_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric mode = { "ipwl_flood_mode", "gauge",
					    "Whether the shield against floods of SYNs is off (0), "
					    "monitors (1) or enforces (2)." };
	static const struct metric active = { "ipwl_flood_active", "gauge",
					      "Whether there is a flood of SYNs (1)." };
	static const struct metric without = {
		"ipwl_flood_without_cookies", "gauge",
		"Whether the kernel gives no SYN cookies (1), so that "
		"the shield can answer nothing."
	};
	static const struct metric syns = { "ipwl_flood_syns_total", "counter",
					    "SYNs in floods from sources in no allow list, by what "
					    "became of them." };
	struct flood_state state;

	if (datapath_read_flood(runtime->datapath, &state))
		return;
	exposition_single(to, &mode, state.mode);
	exposition_single(to, &active, state.is_on);
	exposition_single(to, &without, flood_watch_cookies(runtime->flood) == FLOOD_COOKIES_NEVER);
	exposition_head(to, &syns);
	for (int outcome = 0; outcome < IPWL_FLOOD_OUTCOME_COUNT; outcome++)
		exposition_add(to, "ipwl_flood_syns_total{outcome=\"%s\"} %" PRIu64 "\n",
			       flood_outcome_names[outcome], (uint64_t)state.outcomes[outcome]);
}
