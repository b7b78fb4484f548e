/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drops the privileges that a program does not need, before it reads the first byte from
 * outside. */
#ifndef CONFINE_CONFINE_H
#define CONFINE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The user of a program whose own user does not exist. */
#define CONFINE_USER_FALLBACK "nobody"

struct confinement {
	const char *program; /* for errors: "the fetcher" */
	const char *user;    /* whom a process of root becomes */
	/* Groups whose files it must read, or NULL. Those that do not exist are left out. */
	const char *const *groups;
	const char *const *calls; /* further system calls, or NULL; their reason beside them */
	bool uses_network;
	unsigned int descriptors_max; /* 0: few */
	uint64_t file_bytes_max;      /* of a file that it writes */
	uint64_t memory_bytes_max;    /* address space */
	unsigned int life_sec;	      /* 0: not limited */
};

/**
 * confine() - become a process that can do little more than its job
 * @error: says which step failed and what may help
 *
 * A process of root changes to another user, with only the named groups. It loses all
 * capabilities and cannot get new ones. Only the system calls for reading files are left, those
 * for network access if it uses_network, and those it names. The process ends after life_sec at
 * the latest. Lists of names end with NULL. Return: 0; -errno: the process must not continue.
 */
int confine(const struct confinement *confinement, char *error, size_t error_bytes);

#endif
