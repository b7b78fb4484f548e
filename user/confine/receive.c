/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives a program's files from ipwld over a socket that a service manager accepted. The peer
 * is ipwld, because the socket's mode lets nobody else connect. */
#include "confine/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* ipwld sends them as soon as it is connected. */
#define PATIENCE_SEC 30

bool receive_is_due(void)
{
	struct stat status;

	return !fstat(STDIN_FILENO, &status) && S_ISSOCK(status.st_mode);
}

/* The descriptors of one message. Return: 0 or -errno. */
static int receive_message(int *fds, size_t count)
{
	char byte, control[CMSG_SPACE(RECEIVE_FILES_MAX * sizeof(int))];
	struct iovec iovec = { &byte, sizeof(byte) };
	struct msghdr message = { .msg_iov = &iovec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	const struct cmsghdr *header;
	ssize_t bytes;

	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	do
		bytes = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
	while (bytes < 0 && errno == EINTR);
	if (bytes < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (!bytes || !header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(count * sizeof(int)))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(header), count * sizeof(int));
	return 0;
}

int receive_files(const int *places, size_t count, int connection)
{
	int fds[RECEIVE_FILES_MAX] = { 0 };
	int raised;
	int err = count <= RECEIVE_FILES_MAX ? receive_message(fds, count) : -EINVAL;

	if (err)
		return err;
	/* Move the connection beyond all these descriptors first, so that none is overwritten.
	 * The caller closes the rest. */
	raised = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, connection + 1);
	if (raised < 0)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, connection + 1);
		if (fds[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(fds[i], places[i]) < 0)
			return -errno;
	return dup2(raised, connection) < 0 ? -errno : 0;
}
