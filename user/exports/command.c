/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program, logs its output, and kills it after its time limit. */
#include "exports/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/log.h"
#include "base/process.h"

#define LOOK_EVERY_MSEC 50
#define LINE_BYTES 1024
/* The limit of one run. The log does not show the rest of a longer output. */
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

static int start(struct command *command, char *const argv[])
{
	struct process_fd outputs[] = { { -1, STDOUT_FILENO }, { -1, STDERR_FILENO } };
	const struct process process = {
		.path = argv[0], .argv = argv, .fds = outputs, .fd_count = 2, .has_group = true
	};
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	outputs[0].fd = outputs[1].fd = fds[1];
	err = process_spawn(&process, &command->pid);
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
		snprintf(error, COMMAND_ERROR_BYTES, "%s exited with status %d", command->name,
			 WEXITSTATUS(status));
	else
		snprintf(error, COMMAND_ERROR_BYTES, "%s was killed by signal %d", command->name,
			 WTERMSIG(status));
	return -ECHILD;
}

/* Wait until it exits, and kill it if necessary. */
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
				 is_late ? "%s did not finish within %d s and was killed"
					 : "%s was killed: ipwld is stopping",
				 command->name, COMMAND_TIMEOUT_SEC);
			return err;
		}
		/* Once every writer has closed the pipe, poll() would return at once. */
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
		snprintf(error, COMMAND_ERROR_BYTES, "%s: %s%s", argv[0], strerror(-err),
			 err == -EACCES || err == -EPERM
			     ? " (the unit of ipwld forbids it to start programs: name a service "
			       "instead, see after in ipwld.yaml(5))"
			     : "");
		return err;
	}
	err = wait_for_end(&command, is_stopping, error);
	read_output(&command);
	end_line(&command);
	close(command.fd);
	return err;
}
