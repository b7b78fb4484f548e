/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts ipwl-resolve with its two files, and reads the result as if a stranger had written it. */
#include "ctl/resolve.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "helper/helper.h"
#include "resolve/protocol.h"

/* Time after the program should have ended by itself. */
#define PATIENCE_SEC 5

static const struct helper resolver = {
	.program = RESOLVE_PROGRAM,
	.unit = RESOLVE_UNIT,
	.socket_variable = RESOLVE_SOCKET_VARIABLE,
};

/* An installed ipwlctl is in bin, and the program in sbin. The caller frees the path. */
static char *find_program(void)
{
	char *path = helper_find(&resolver);
	char *slash = path ? strrchr(path, '/') : NULL;
	char *other;

	if (!slash || getenv(RESOLVE_SOCKET_VARIABLE) || !access(path, X_OK))
		return path;
	*slash = '\0';
	if (asprintf(&other, "%s/../sbin/" RESOLVE_PROGRAM, path) < 0)
		other = NULL;
	free(path);
	return other;
}

static int read_result(int fd, struct dns_result *ret_result)
{
	struct stat status;
	ssize_t bytes = -1;
	char *text;
	int err;

	if (fstat(fd, &status))
		return -errno;
	if (status.st_size > DNS_RESULT_TEXT_BYTES_MAX)
		return -EBADMSG;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	bytes = pread(fd, text, (size_t)status.st_size, 0);
	err = bytes < 0 ? -errno : dns_result_read(text, (size_t)bytes, ret_result);
	free(text);
	return err;
}

static int await_end(const struct helper_process *process, unsigned int timeout_sec)
{
	struct pollfd end = { .fd = process->end_fd, .events = POLLIN };
	const int timeout_ms = (int)(timeout_sec + RESOLVE_GRACE_SEC + PATIENCE_SEC) * 1000;
	int count;

	do
		count = poll(&end, 1, timeout_ms);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count ? 0 : -ETIMEDOUT;
}

static int run_program(const char *path, const struct dns_request *request, const int fds[],
		       struct dns_result *ret_result)
{
	const struct process_fd files[RESOLVE_FILE_COUNT] = { { fds[0], RESOLVE_REQUEST_FD },
							      { fds[1], RESOLVE_RESULT_FD } };
	struct helper_process process;
	char message[PATH_MAX + 128];
	int err = helper_start(&resolver, path, files, RESOLVE_FILE_COUNT, &process, message,
			       sizeof(message));

	if (err) {
		ctl_error("%s", message);
		return err;
	}
	err = await_end(&process, request->timeout_sec);
	if (!err && process.pid > 0)
		waitpid(process.pid, NULL, 0);
	if (err)
		helper_stop(&process);
	else
		helper_release(&process);
	if (!err)
		err = read_result(fds[1], ret_result);
	if (err)
		ctl_error(RESOLVE_PROGRAM " gave no valid answer: %s", strerror(-err));
	return err;
}

int resolve_ask(const struct dns_request *request, struct dns_result *ret_result)
{
	char *path = find_program();
	int fds[RESOLVE_FILE_COUNT] = { helper_new_file("request"), helper_new_file("result") };
	int err = path ? 0 : -ENOMEM;

	for (int i = 0; i < RESOLVE_FILE_COUNT; i++)
		if (fds[i] < 0)
			err = fds[i];
	if (!err)
		err = dns_request_write(fds[0], request);
	if (!err && lseek(fds[0], 0, SEEK_SET))
		err = -errno;
	if (err)
		ctl_error("the request cannot be created: %s", strerror(-err));
	else
		err = run_program(path, request, fds, ret_result);
	for (int i = 0; i < RESOLVE_FILE_COUNT; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(path);
	return err;
}
