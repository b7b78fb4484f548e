/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting another program. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A descriptor of ours, and its number in the program. */
struct process_fd {
	int fd;
	int as;
};

#define PROCESS_FDS_MAX 8

struct process {
	const char *path; /* absolute */
	char *const *argv;
	char *const *environment; /* NULL: ours */
	const struct process_fd *fds;
	size_t fd_count; /* PROCESS_FDS_MAX at most */
	bool has_group;	 /* a process group of its own, to be killed as one */
};

/**
 * process_spawn() - start a program
 *
 * It has the descriptors in @process, /dev/null as those of 0, 1 and 2 that are not among
 * them, and no other; no signal blocked, and none ignored.
 *
 * Return: 0; -errno, also where the program cannot be executed.
 */
int process_spawn(const struct process *process, pid_t *ret_pid);

#endif
