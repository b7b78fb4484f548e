/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limits for unlisted sources. What they do is in the counters by verdict. */
#include "web/limit_metrics.h"

#include "datapath/limits.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

void limit_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric mode = { "ipwl_limits_mode", "gauge",
					    "Whether limits for unlisted sources are off (0), "
					    "monitor (1) or enforce (2)." };
	static const struct metric per_minute = { "ipwl_limit_per_minute", "gauge",
						  "Attempts a minute that the limit admits (0: no "
						  "limit)." };
	struct limits limits;

	datapath_read_limits(runtime->datapath, &limits);
	exposition_single(to, &mode, limits.mode);
	exposition_head(to, &per_minute);
	for (int limit = 0; limit < IPWL_LIMIT_COUNT; limit++)
		exposition_add(to, "%s{of=\"%s\"} %u\n", per_minute.name, limit_names[limit],
			       limits.of[limit].per_minute);
}
