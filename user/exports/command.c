/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program, logs what it says, and ends it when its time is over. */
#include "exports/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/log.h"

#define LOOK_EVERY_MSEC 50
#define LINE_BYTES 1024
/* Of one run; a program that says more is not read to its end in the log. */
#define LINES_MAX 100

struct command {
	const char *name;
	pid_t pid;
	int fd; /* what it writes comes here */
	char line[LINE_BYTES];
	size_t line_bytes;
	size_t line_count;
};

/* ---- what it says -------------------------------------------------------- */

static void end_line(struct command *command)
{
	command->line[command->line_bytes] = '\0';
	if (command->line_bytes && command->line_count++ < LINES_MAX)
		log_info("export", "%s: %s", command->name, command->line);
	command->line_bytes = 0;
}

/* Take what is there; does not wait. */
static void read_output(struct command *command)
{
	char buffer[4096];
	ssize_t bytes;

	while ((bytes = read(command->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < bytes; i++) {
			if (buffer[i] == '\n' || command->line_bytes == LINE_BYTES - 1)
				end_line(command);
			if (buffer[i] != '\n')
				command->line[command->line_bytes++] = buffer[i];
		}
	}
}

/* ---- start and end ------------------------------------------------------- */

/* A process group of its own, and none of our signals and descriptors. */
static int spawn(char *const argv[], int output, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						  POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (!err)
		err = posix_spawn(ret_pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int start(struct command *command, char *const argv[])
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = spawn(argv, fds[1], &command->pid);
	close(fds[1]);
	if (!err && fcntl(fds[0], F_SETFL, O_NONBLOCK))
		err = -errno;
	if (err)
		close(fds[0]);
	else
		command->fd = fds[0];
	return err;
}

static int judge(const struct command *command, int status, char error[COMMAND_ERROR_BYTES])
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status))
		snprintf(error, COMMAND_ERROR_BYTES, "%s ended with exit status %d", command->name,
			 WEXITSTATUS(status));
	else
		snprintf(error, COMMAND_ERROR_BYTES, "%s was ended by signal %d", command->name,
			 WTERMSIG(status));
	return -ECHILD;
}

/* Wait for its end, and bring it about if that is needed. */
static int wait_for_end(struct command *command, const bool *is_stopping,
			char error[COMMAND_ERROR_BYTES])
{
	double deadline_sec = time_monotonic_sec() + COMMAND_TIMEOUT_SEC;
	struct pollfd poll_fd = { .fd = command->fd, .events = POLLIN };
	int status, err;

	while (waitpid(command->pid, &status, WNOHANG) == 0) {
		bool is_late = time_monotonic_sec() > deadline_sec;

		if (is_late || __atomic_load_n(is_stopping, __ATOMIC_RELAXED)) {
			kill(-command->pid, SIGKILL);
			waitpid(command->pid, &status, 0);
			err = is_late ? -ETIMEDOUT : -EINTR;
			snprintf(error, COMMAND_ERROR_BYTES,
				 is_late ? "%s did not end within %d s and was killed"
					 : "%s was killed: ipwld is stopping",
				 command->name, COMMAND_TIMEOUT_SEC);
			return err;
		}
		/* Once all has closed the pipe, poll() would come back at once. */
		if (poll(&poll_fd, 1, LOOK_EVERY_MSEC) > 0 && !(poll_fd.revents & POLLIN))
			poll_fd.fd = -1;
		read_output(command);
	}
	return judge(command, status, error);
}

int command_run(char *const argv[], const bool *is_stopping, char error[COMMAND_ERROR_BYTES])
{
	struct command command = { .name = argv[0] };
	int err = start(&command, argv);

	if (err) {
		snprintf(error, COMMAND_ERROR_BYTES, "%s: %s", argv[0], strerror(-err));
		return err;
	}
	err = wait_for_end(&command, is_stopping, error);
	read_output(&command);
	end_line(&command);
	close(command.fd);
	return err;
}
