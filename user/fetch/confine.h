/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives away what fetching does not need, before the first byte from outside is read. */
#ifndef FETCH_CONFINE_H
#define FETCH_CONFINE_H

#include <stddef.h>
#include <stdint.h>

struct confinement {
	uint64_t max_bytes; /* of a file that is written */
	unsigned int life_sec;
};

/**
 * confine() - become a process that can do little else than fetch
 * @error: says which step failed and what would help
 *
 * Another user and group without any others where it was root; no capability, and no
 * way to get one; only system calls that reading files and talking to the net take;
 * an end at the latest after life_sec. Return: 0; -errno: do not go on.
 */
int confine(const struct confinement *confinement, char *error, size_t error_bytes);

#endif
