/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts programs that inherit only what they are given. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

/* The highest number that the program knows. */
static int process_highest_fd(const struct process *process)
{
	int highest = STDERR_FILENO;

	for (size_t i = 0; i < process->fd_count; i++)
		if (process->fds[i].as > highest)
			highest = process->fds[i].as;
	return highest;
}

static bool process_has_fd(const struct process *process, int as)
{
	for (size_t i = 0; i < process->fd_count; i++)
		if (process->fds[i].as == as)
			return true;
	return false;
}

/* Copies that no number of the program's can overwrite. */
static int process_raise_fds(const struct process *process, int raised[PROCESS_FDS_MAX])
{
	int highest = process_highest_fd(process);

	for (size_t i = 0; i < process->fd_count; i++) {
		raised[i] = fcntl(process->fds[i].fd, F_DUPFD_CLOEXEC, highest + 1);
		if (raised[i] < 0)
			return -errno;
	}
	return 0;
}

static int process_add_fds(const struct process *process, const int raised[PROCESS_FDS_MAX],
			   posix_spawn_file_actions_t *actions)
{
	int err;

	for (size_t i = 0; i < process->fd_count; i++) {
		err = posix_spawn_file_actions_adddup2(actions, raised[i], process->fds[i].as);
		if (err)
			return err;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (process_has_fd(process, fd))
			continue;
		err = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
		if (err)
			return err;
	}
	/* Close descriptors without O_CLOEXEC, and the numbers in between. */
	for (int fd = STDERR_FILENO + 1; fd < process_highest_fd(process); fd++) {
		if (process_has_fd(process, fd))
			continue;
		err = posix_spawn_file_actions_addclose(actions, fd);
		if (err)
			return err;
	}
	return posix_spawn_file_actions_addclosefrom_np(actions, process_highest_fd(process) + 1);
}

static void process_set_attributes(const struct process *process, posix_spawnattr_t *attributes)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	if (process->has_group)
		flags = (short)(flags | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setflags(attributes, flags);
	posix_spawnattr_setpgroup(attributes, 0);
}

static int process_spawn_raised(const struct process *process, const int raised[PROCESS_FDS_MAX],
				pid_t *ret_pid)
{
	char *const *environment = process->environment ? process->environment : environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawnattr_init(&attributes);
	if (err)
		goto out_actions;
	process_set_attributes(process, &attributes);
	err = process_add_fds(process, raised, &actions);
	if (err)
		goto out;
	err =
	    posix_spawn(ret_pid, process->path, &actions, &attributes, process->argv, environment);
out:
	posix_spawnattr_destroy(&attributes);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int process_spawn(const struct process *process, pid_t *ret_pid)
{
	int raised[PROCESS_FDS_MAX];
	int err;

	if (process->fd_count > PROCESS_FDS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < PROCESS_FDS_MAX; i++)
		raised[i] = -1;
	err = process_raise_fds(process, raised);
	if (!err)
		err = process_spawn_raised(process, raised, ret_pid);
	for (size_t i = 0; i < process->fd_count; i++)
		if (raised[i] >= 0)
			close(raised[i]);
	return err;
}
