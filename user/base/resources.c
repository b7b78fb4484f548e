/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the kernel counts of this process. */
#include "base/resources.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

#define NSEC_PER_SEC 1e9

static void resources_read_memory(struct resources *resources)
{
	const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	char line[256], *end;

	if (!file)
		return;
	/* "size resident …", in pages (proc_pid_statm(5)). */
	if (fgets(line, sizeof(line), file)) {
		resources->virtual_bytes = strtoumax(line, &end, 10) * page_bytes;
		resources->resident_bytes = strtoumax(end, NULL, 10) * page_bytes;
		resources->has_memory = resources->resident_bytes > 0;
	}
	fclose(file);
}

int resources_walk_fds(void (*visit)(int fd, void *context), void *context)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *item;

	if (!descriptors)
		return -errno;
	while ((item = readdir(descriptors))) {
		int64_t fd;

		if (number_parse(item->d_name, 0, INT32_MAX, &fd) && (int)fd != dirfd(descriptors))
			visit((int)fd, context);
	}
	closedir(descriptors);
	return 0;
}

static void resources_count_fd(int fd, void *context)
{
	size_t *count = context;

	(void)fd;
	++*count;
}

void resources_read(struct resources *ret_resources)
{
	struct resources resources = { 0 };
	struct timespec cpu;
	struct rlimit limit;

	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		resources.cpu_sec = (double)cpu.tv_sec + (double)cpu.tv_nsec / NSEC_PER_SEC;
	resources_read_memory(&resources);
	resources.has_fds = !resources_walk_fds(resources_count_fd, &resources.open_fds);
	resources.max_fds = UINT64_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur != RLIM_INFINITY)
		resources.max_fds = limit.rlim_cur;
	*ret_resources = resources;
}
