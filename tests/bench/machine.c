/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machine this is, and which of its CPUs a measurement runs on. */
#include "machine.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define PRIORITY 10
#define CACHES "/sys/devices/system/cpu/cpu0/cache"
#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

static void put(json_t *machine, const char *key, const char *text)
{
	printf("%-14s%s\n", key, text);
	if (json_object_set_new(machine, key, json_string(text)))
		die("out of memory");
}

/* The first line of @path that begins with @start, or its first line; "" if none. */
static void read_line(const char *path, const char *start, char *line, int size)
{
	FILE *file = fopen(path, "r");

	while (file && fgets(line, size, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, start, strlen(start)))
			break;
		line[0] = '\0';
	}
	if (file)
		fclose(file);
}

static void put_cpu(json_t *machine)
{
	char line[256] = "";
	const char *colon;

	read_line("/proc/cpuinfo", "model name", line, sizeof(line));
	colon = strchr(line, ':');
	put(machine, "cpu", colon ? colon + 2 : "unknown");
	snprintf(line, sizeof(line), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	put(machine, "cpus", line);
}

/* A file of the last-level cache of the first CPU. "": it has none. */
static void read_cache(const char *file, char *line, int size)
{
	char path[128], level[16];
	char last = '0'; /* levels are digits */

	line[0] = '\0';
	for (int cache = 0; cache < 8; cache++) {
		snprintf(path, sizeof(path), CACHES "/index%d/level", cache);
		read_line(path, "", level, sizeof(level));
		if (level[0] <= last)
			continue;
		last = level[0];
		snprintf(path, sizeof(path), CACHES "/index%d/%s", cache, file);
		read_line(path, "", line, size);
	}
}

size_t machine_cache_bytes(void)
{
	char size[32], *unit;
	size_t bytes;

	read_cache("size", size, sizeof(size));
	bytes = strtoul(size, &unit, 10);
	return bytes << (*unit == 'M' ? 20 : *unit == 'K' ? 10 : 0);
}

static void put_cache(json_t *machine)
{
	char size[32], cpus[64], text[128] = "unknown";

	read_cache("size", size, sizeof(size));
	read_cache("shared_cpu_list", cpus, sizeof(cpus));
	if (size[0])
		snprintf(text, sizeof(text), "%s, shared by CPUs %s", size, cpus);
	put(machine, "last_cache", text);
}

/* Those that cost something: what does not affect this CPU is left out. */
static void put_mitigations(json_t *machine)
{
	json_t *all = json_object();
	DIR *dir = opendir(VULNERABILITIES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512], line[256] = "";

		snprintf(path, sizeof(path), VULNERABILITIES "/%s", entry->d_name);
		if (entry->d_name[0] != '.')
			read_line(path, "", line, sizeof(line));
		if (!line[0] || !strcmp(line, "Not affected"))
			continue;
		printf("%-14s%s: %s\n", "mitigation", entry->d_name, line);
		json_object_set_new(all, entry->d_name, json_string(line));
	}
	if (dir)
		closedir(dir);
	if (json_object_set_new(machine, "mitigations", all))
		die("out of memory");
}

static void put_jit(json_t *machine)
{
	char line[64] = "";

	read_line("/proc/sys/net/core/bpf_jit_enable", "", line, sizeof(line));
	put(machine, "bpf_jit", line);
	read_line("/proc/sys/net/core/bpf_jit_harden", "", line, sizeof(line));
	put(machine, "bpf_harden", line);
}

json_t *machine_describe(void)
{
	json_t *machine = json_object();
	time_t now = time(NULL);
	struct utsname name;
	char text[512];

	if (!machine || uname(&name))
		die("cannot describe this machine");
	put_cpu(machine);
	put_cache(machine);
	snprintf(text, sizeof(text), "%s %s %s", name.sysname, name.release, name.machine);
	put(machine, "kernel", text);
	snprintf(text, sizeof(text), "%ld MiB",
		 sysconf(_SC_PHYS_PAGES) / (1024 * 1024 / sysconf(_SC_PAGESIZE)));
	put(machine, "memory", text);
	put_jit(machine);
	put_mitigations(machine);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	put(machine, "date", text);
	put(machine, "version", IPWL_VERSION);
	return machine;
}

void machine_pin(void)
{
	size_t cpu = (size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("cannot pin to CPU %zu: %m", cpu);
}

void machine_unpin(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("cannot unpin: %m");
}

void machine_set_urgent(bool is_urgent)
{
	struct sched_param parameter = { .sched_priority = is_urgent ? PRIORITY : 0 };

	/* What it starts is as urgent as anything else. */
	if (sched_setscheduler(0, (is_urgent ? SCHED_FIFO : SCHED_OTHER) | SCHED_RESET_ON_FORK,
			       &parameter))
		die("cannot set the scheduling priority: %m");
}

double now_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(values[0]), compare_doubles);
	return values[count / 2];
}

double smallest(const double *values, size_t count)
{
	double min = values[0];

	for (size_t i = 1; i < count; i++)
		min = values[i] < min ? values[i] : min;
	return min;
}

double largest(const double *values, size_t count)
{
	double max = values[0];

	for (size_t i = 1; i < count; i++)
		max = values[i] > max ? values[i] : max;
	return max;
}
