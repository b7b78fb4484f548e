/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be known has no sample. */
#include "web/process_metrics.h"

#include "base/resources.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static void write_memory(const struct resources *resources, const struct exposition *to)
{
	static const struct metric virtual = { "process_virtual_memory_bytes", "gauge",
					       "Virtual memory size in bytes." };
	static const struct metric resident = { "process_resident_memory_bytes", "gauge",
						"Resident memory size in bytes." };

	if (!resources->has_memory)
		return;
	exposition_single(to, &virtual, resources->virtual_bytes);
	exposition_single(to, &resident, resources->resident_bytes);
}

static void write_fds(const struct resources *resources, const struct exposition *to)
{
	static const struct metric open = { "process_open_fds", "gauge",
					    "Number of open file descriptors." };
	static const struct metric max = { "process_max_fds", "gauge",
					   "Maximum number of open file descriptors." };

	if (resources->has_fds)
		exposition_single(to, &open, resources->open_fds);
	if (resources->max_fds != UINT64_MAX)
		exposition_single(to, &max, resources->max_fds);
}

void process_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric cpu = { "process_cpu_seconds_total", "counter",
					   "Total user and system CPU time spent in seconds." };
	static const struct metric start = {
		"process_start_time_seconds", "gauge",
		"Start time of the process since unix epoch in seconds."
	};
	struct resources resources;

	resources_read(&resources);
	exposition_head(to, &cpu);
	exposition_add(to, "%s %.6f\n", cpu.name, resources.cpu_sec);
	write_memory(&resources, to);
	exposition_single(to, &start, (uint64_t)runtime->started_at_sec);
	write_fds(&resources, to);
}
