/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a confined program with only the files that it needs, or sends these to a service
 * manager's socket. */
#include "helper/helper.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"

/* Headers from before Linux 6.3 do not have it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

char *helper_find(const struct helper *helper)
{
	const char *socket_path = getenv(helper->socket_variable);
	char path[PATH_MAX];
	ssize_t bytes = socket_path ? 0 : readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *program, *slash;

	if (socket_path)
		return strdup(socket_path);
	if (bytes < 0)
		return NULL;
	path[bytes] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return asprintf(&program, "%s/%s", path, helper->program) < 0 ? NULL : program;
}

static int helper_spawn(const struct helper *helper, const char *path, const struct process_fd *fds,
			size_t fd_count, struct helper_process *process)
{
	char name[NAME_MAX + 1];
	char *const argv[] = { name, NULL };
	char *const environment[] = { (char[]) { "PATH=/usr/bin:/bin" }, (char[]) { "LC_ALL=C" },
				      NULL };
	const struct process program = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.fds = fds,
		.fd_count = fd_count,
	};
	int err;

	snprintf(name, sizeof(name), "%s", helper->program);
	err = process_spawn(&program, &process->pid);
	if (err) {
		process->pid = 0;
		return err;
	}
	process->end_fd = pidfd_open(process->pid, 0);
	return process->end_fd < 0 ? -errno : 0;
}

/* Send the files to the program that starts a helper for them. */
static int helper_send_files(int connection, const struct process_fd *fds, size_t fd_count)
{
	char byte = 0;
	union {
		char bytes[CMSG_SPACE(PROCESS_FDS_MAX * sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec iovec = { &byte, sizeof(byte) };
	const struct msghdr message = { .msg_iov = &iovec,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = CMSG_SPACE(fd_count * sizeof(int)) };

	control.header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS };
	for (size_t i = 0; i < fd_count; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fds[i].fd, sizeof(int));
	return sendmsg(connection, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Connect without waiting. A full queue is an error. */
static int helper_reach(const char *path, const struct process_fd *fds, size_t fd_count,
			struct helper_process *process)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	process->end_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (process->end_fd < 0 ||
	    connect(process->end_fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return helper_send_files(process->end_fd, fds, fd_count);
}

int helper_start(const struct helper *helper, const char *path, const struct process_fd *fds,
		 size_t fd_count, struct helper_process *ret_process, char *message,
		 size_t message_bytes)
{
	const bool is_socket = getenv(helper->socket_variable) != NULL;
	struct helper_process process = { .end_fd = -1 };
	int err = is_socket ? helper_reach(path, fds, fd_count, &process)
			    : helper_spawn(helper, path, fds, fd_count, &process);

	if (!err) {
		*ret_process = process;
		return 0;
	}
	helper_stop(&process);
	snprintf(message, message_bytes, "%s cannot be %s: %s%s%s%s", path,
		 is_socket ? "reached" : "started", strerror(-err), is_socket ? " (is " : "",
		 is_socket ? helper->unit : "", is_socket ? " running?)" : "");
	return err;
}

void helper_stop(struct helper_process *process)
{
	/* If it cannot be killed, init waits for it after our end. */
	if (process->pid > 0 && !kill(process->pid, SIGKILL))
		waitpid(process->pid, NULL, 0);
	helper_release(process);
}

void helper_release(struct helper_process *process)
{
	if (process->end_fd >= 0)
		close(process->end_fd);
	*process = (struct helper_process) { .end_fd = -1 };
}

int helper_new_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

void helper_take_text(const char *text, const char *key, char *value, size_t value_bytes)
{
	const size_t key_bytes = strlen(key);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t bytes = strcspn(text, "\n");

		if (bytes <= key_bytes || strncmp(text, key, key_bytes) != 0 ||
		    text[key_bytes] != ' ')
			continue;
		bytes -= key_bytes + 1;
		if (bytes >= value_bytes)
			bytes = value_bytes - 1;
		memcpy(value, text + key_bytes + 1, bytes);
		value[bytes] = '\0';
		utf8_sanitize(value, bytes);
		return;
	}
}
