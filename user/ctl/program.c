/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program of the system and reads what it prints. */
#include "ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

/* Programs of administrators are here, and often not in the PATH of others. */
#define PATH_MORE "/usr/sbin:/sbin"

/* Find an executable file. Returns false if there is none. */
static bool program_find(const char *name, char path[PATH_MAX])
{
	const char *const paths[] = { getenv("PATH"), PATH_MORE };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		for (const char *dir = paths[i]; dir && *dir;) {
			const size_t bytes = strcspn(dir, ":");

			/* Only absolute directories: others depend on where we are. */
			if (*dir == '/' &&
			    snprintf(path, PATH_MAX, "%.*s/%s", (int)bytes, dir, name) < PATH_MAX &&
			    !access(path, X_OK))
				return true;
			dir += bytes + (dir[bytes] == ':');
		}
	}
	return false;
}

static enum ctl_exit program_end(const char *name, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			ctl_error("%s: %s", name, strerror(errno));
			return CTL_INVALID;
		}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CTL_DONE;
	if (WIFEXITED(status))
		ctl_error("%s exited with status %d", name, WEXITSTATUS(status));
	else
		ctl_error("%s was ended by signal %d", name, WTERMSIG(status));
	return CTL_INVALID;
}

/* Start a program that writes into a pipe. Return: 0 or -errno. */
static int program_start(const char *path, char *const argv[], FILE **ret_stream, pid_t *ret_pid)
{
	struct process_fd fds[] = { { -1, STDOUT_FILENO }, { STDERR_FILENO, STDERR_FILENO } };
	const struct process process = { .path = path, .argv = argv, .fds = fds, .fd_count = 2 };
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fds[0].fd = ends[1];
	*ret_stream = fdopen(ends[0], "r");
	err = *ret_stream ? process_spawn(&process, ret_pid) : -errno;
	close(ends[1]);
	if (err && *ret_stream)
		fclose(*ret_stream);
	else if (err)
		close(ends[0]);
	return err;
}

enum ctl_exit program_run(char *const argv[], void (*take_output)(FILE *stream, void *context),
			  void *context)
{
	char path[PATH_MAX];
	FILE *stream = NULL;
	pid_t pid = 0;
	int err;

	if (!program_find(argv[0], path)) {
		ctl_error("%s is not installed", argv[0]);
		return CTL_INVALID;
	}
	err = program_start(path, argv, &stream, &pid);
	if (err) {
		ctl_error("%s: %s", path, strerror(-err));
		return CTL_INVALID;
	}
	take_output(stream, context);
	/* If not all was read, the program ends by SIGPIPE. */
	fclose(stream);
	return program_end(argv[0], pid);
}
