/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives the files of request, result and body from ipwld over a socket that a service
 * manager accepted. The peer is ipwld, because the socket's mode lets nobody else connect. */
#include "fetch/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "fetch/protocol.h"

/* ipwld sends them as soon as it is connected. */
#define PATIENCE_SEC 30

bool receive_is_due(void)
{
	struct stat status;

	return !fstat(STDIN_FILENO, &status) && S_ISSOCK(status.st_mode);
}

/* The three descriptors of one message. Return: 0 or -errno. */
static int receive_message(int fds[FETCH_FILE_COUNT])
{
	char byte, control[CMSG_SPACE(FETCH_FILE_COUNT * sizeof(int))];
	struct iovec iovec = { &byte, sizeof(byte) };
	struct msghdr message = { .msg_iov = &iovec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
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
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(FETCH_FILE_COUNT * sizeof(int)))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(header), FETCH_FILE_COUNT * sizeof(int));
	return 0;
}

int receive_files(void)
{
	static const int places[FETCH_FILE_COUNT] = { FETCH_REQUEST_FD, FETCH_RESULT_FD,
						      FETCH_BODY_FD };
	int fds[FETCH_FILE_COUNT] = { -1, -1, -1 };
	int connection;
	int err = receive_message(fds);

	if (err)
		return err;
	/* Move the connection beyond all these descriptors first, so that none is overwritten.
	 * main() closes the rest. */
	connection = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FETCH_CONNECTION_FD + 1);
	if (connection < 0)
		return -errno;
	for (int i = 0; i < FETCH_FILE_COUNT; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FETCH_CONNECTION_FD + 1);
		if (fds[i] < 0)
			return -errno;
	}
	for (int i = 0; i < FETCH_FILE_COUNT; i++)
		if (dup2(fds[i], places[i]) < 0)
			return -errno;
	return dup2(connection, FETCH_CONNECTION_FD) < 0 ? -errno : 0;
}
