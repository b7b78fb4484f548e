/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /proc/meminfo, and what each BPF map says of itself. */
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "machine.h"
#include "report.h"

#define SETTLED_BYTES (1024.0 * 1024)
#define SETTLE_SEC 10

/* A field in KiB, in bytes. */
static double field(const char *path, const char *name, double unit)
{
	FILE *file = fopen(path, "r");
	unsigned long long value = 0;
	bool is_found = false;
	char line[256];
	size_t bytes = strlen(name);

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, bytes)) {
			value = strtoull(line + bytes, NULL, 10);
			is_found = true;
		}
	}
	if (file)
		fclose(file);
	if (!is_found)
		die("%s has no %s", path, name);
	return (double)value * unit;
}

static double kib(const char *name)
{
	return field("/proc/meminfo", name, 1024);
}

double memory_of_process(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return field(path, name, 1024);
}

/* All maps of the machine: those that only another map holds have no other place
 * where they could be seen. */
static void add_maps(struct memory *memory)
{
	uint32_t id = memory->last;

	while (!bpf_map_get_next_id(id, &id)) {
		int fd = bpf_map_get_fd_by_id(id);
		char path[64];

		memory->last = id;
		if (fd < 0)
			continue; /* it has just gone */
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		memory->maps += field(path, "memlock:", 1);
		memory->count++;
		close(fd);
	}
}

static double kernel_bytes(void)
{
	return kib("Slab:") + kib("Percpu:") + kib("VmallocUsed:");
}

/* Maps are freed after a grace period, by kernel threads. */
static void settle(void)
{
	double end = now_sec() + SETTLE_SEC, before, now = kernel_bytes();

	do {
		before = now;
		usleep(500000);
		now = kernel_bytes();
	} while (fabs(now - before) > SETTLED_BYTES && now_sec() < end);
}

struct memory memory_now(uint32_t last)
{
	struct memory memory = { .last = last };

	settle();
	memory.kernel = kernel_bytes();
	memory.used = kib("MemTotal:") - kib("MemAvailable:");
	memory.own = memory_of_process(getpid(), "RssAnon:");
	add_maps(&memory);
	return memory;
}
