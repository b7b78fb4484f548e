/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process uses of the machine. Without /proc most of it is unknown. */
#ifndef BASE_RESOURCES_H
#define BASE_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resources {
	double cpu_sec; /* of all threads, in user and system mode */
	bool has_memory;
	uint64_t virtual_bytes;
	uint64_t resident_bytes;
	bool has_fds;
	size_t open_fds;
	uint64_t max_fds; /* the soft limit; UINT64_MAX: none */
};

void resources_read(struct resources *ret_resources);

/* Visit each open descriptor, except the one that this needs. Return: 0 or -errno. */
int resources_walk_fds(void (*visit)(int fd, void *context), void *context);

#endif
