/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drops the privileges that fetching does not need, before the first byte from outside is read. */
#ifndef FETCH_CONFINE_H
#define FETCH_CONFINE_H

#include <stddef.h>
#include <stdint.h>

struct confinement {
	uint64_t max_bytes; /* limit of a written file */
	unsigned int life_sec;
};

/**
 * confine() - become a process that can do little more than fetch
 * @error: says which step failed and what may help
 *
 * A process of root changes to another user and group, without other groups. It loses all
 * capabilities and cannot get new ones. Only the system calls for reading files and for network
 * access are left. The process ends after life_sec at the latest. Return: 0; -errno: the
 * process must not continue.
 */
int confine(const struct confinement *confinement, char *error, size_t error_bytes);

#endif
