/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going into the background: fork, setsid, and a pipe for the outcome. */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void __attribute__((noreturn)) exit_as_reported(int fd)
{
	unsigned char status = EXIT_FAILURE;
	ssize_t bytes;

	do {
		bytes = read(fd, &status, 1);
	} while (bytes < 0 && errno == EINTR);
	_exit(bytes == 1 ? status : EXIT_FAILURE);
}

int background_enter(int *ret_fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (pid > 0) {
		close(fds[1]);
		exit_as_reported(fds[0]);
	}
	close(fds[0]);
	setsid();
	*ret_fd = fds[1];
	return 0;
}

void background_report(int *fd, int status)
{
	unsigned char byte = (unsigned char)status;
	int null;

	if (*fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (chdir("/") || write(*fd, &byte, 1) != 1)
		errno = 0; /* a parent that is gone needs no status */
	close(*fd);
	*fd = -1;
}
