/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts ipwl-fetch with only three files: the request, the answer and the body. Or sends these
 * to a service manager's socket. They are files in memory, so neither side ever waits for the
 * other. Their final content is read as if strangers had written it.
 */
#include "feeds/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "base/process.h"
#include "base/utf8.h"
#include "feeds/token.h"
#include "fetch/protocol.h"

#define PROGRAM "ipwl-fetch"
/* Time after the fetcher should have ended by itself. */
#define DEADLINE_SEC 5
/* Headers from before Linux 6.3 do not have it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

enum file { FILE_REQUEST, FILE_RESULT, FILE_BODY, FILE_COUNT };

struct feed_process {
	pid_t pid;	/* 0: another program started the fetcher */
	int end_fd;	/* readable when the fetcher has ended: a pidfd, or the socket */
	bool is_killed; /* killed, but has not ended yet */
	int fds[FILE_COUNT];
	struct event *event; /* fires when the fetcher has ended, or should have */
	void (*done)(void *context, struct fetched *fetched);
	void *context;
};

char *feed_process_find_program(void)
{
	const char *socket_path = getenv(FETCH_SOCKET_VARIABLE);
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
	return asprintf(&program, "%s/" PROGRAM, path) < 0 ? NULL : program;
}

/* ---- request ------------------------------------------------------------ */

static int new_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static void print_line(int fd, const char *key, const char *value)
{
	if (value && *value)
		dprintf(fd, "%s %s\n", key, value);
}

static int write_request(int fd, const struct feed_request *request, const char *token)
{
	const struct feed_config *feed = request->feed;

	print_line(fd, "url", feed->url);
	dprintf(fd, "max_bytes %" PRIu32 "\ntimeout_sec %" PRIu32 "\n", feed->max_bytes,
		feed->timeout_sec);
	print_line(fd, "user", feed->user);
	print_line(fd, "token", token);
	print_line(fd, "ca_file", feed->ca_file);
	print_line(fd, "etag", request->etag);
	print_line(fd, "last_modified", request->last_modified);
	return lseek(fd, 0, SEEK_SET) ? -errno : 0;
}

/* ---- answer ------------------------------------------------------------- */

/* Store the value of a line "KEY VALUE", if there is one. A value that is too long is
 * truncated. */
static void take_text(const char *text, const char *key, char *value, size_t value_bytes)
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

static void read_answer(const struct feed_process *process, struct fetched *fetched)
{
	char text[FETCH_TEXT_BYTES_MAX + 1];
	char word[32] = "";
	ssize_t bytes = pread(process->fds[FILE_RESULT], text, FETCH_TEXT_BYTES_MAX, 0);

	if (bytes <= 0)
		return;
	text[bytes] = '\0';
	take_text(text, "result", word, sizeof(word));
	if (!strcmp(word, FETCH_NEW))
		fetched->result = FETCH_IS_NEW;
	else if (!strcmp(word, FETCH_UNCHANGED))
		fetched->result = FETCH_IS_UNCHANGED;
	take_text(text, "message", fetched->message, sizeof(fetched->message));
	take_text(text, "etag", fetched->etag, sizeof(fetched->etag));
	take_text(text, "last_modified", fetched->last_modified, sizeof(fetched->last_modified));
	word[0] = '\0';
	take_text(text, "retry_after_sec", word, sizeof(word));
	fetched->retry_after_sec = 0;
	number_parse(word, 0, INT64_MAX, &fetched->retry_after_sec);
}

static void describe_end(const struct feed_process *process, int status, struct fetched *fetched)
{
	if (*fetched->message)
		return;
	if (!process->pid)
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited without an answer: see its journal", PROGRAM);
	else if (WIFSIGNALED(status))
		snprintf(fetched->message, sizeof(fetched->message), "%s was killed: %s", PROGRAM,
			 WTERMSIG(status) == SIGALRM ? "it took too long"
						     : strsignal(WTERMSIG(status)));
	else
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited with status %d and without an answer", PROGRAM,
			 WEXITSTATUS(status));
}

static void free_process(struct feed_process *process)
{
	for (int i = 0; i < FILE_COUNT; i++) {
		if (process->fds[i] >= 0)
			close(process->fds[i]);
	}
	if (process->event)
		event_free(process->event);
	if (process->end_fd >= 0)
		close(process->end_fd);
	free(process);
}

/* Seal the body, so that nobody who has it open can change it any more. */
static void seal_body(const struct feed_process *process, struct fetched *fetched)
{
	if (!fcntl(process->fds[FILE_BODY], F_ADD_SEALS,
		   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		fetched->body_fd = process->fds[FILE_BODY];
		return;
	}
	fetched->result = FETCH_HAS_FAILED;
	snprintf(fetched->message, sizeof(fetched->message), "%s still has the body open: %s",
		 PROGRAM, strerror(errno));
}

/* Read the result after the fetcher has ended. */
static void take_end(const struct feed_process *process, struct fetched *fetched)
{
	int status = 0;

	if (process->pid)
		waitpid(process->pid, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		read_answer(process, fetched);
	if (fetched->result == FETCH_HAS_FAILED)
		describe_end(process, status, fetched);
	if (fetched->result == FETCH_IS_NEW)
		seal_body(process, fetched);
}

/* Kill a fetcher that is late, and give it time to end. Returns false if that is not possible
 * or was tried before. */
static bool kill_late(struct feed_process *process)
{
	if (!process->pid || process->is_killed ||
	    pidfd_send_signal(process->end_fd, SIGKILL, NULL, 0))
		return false;
	event_add(process->event, &(struct timeval) { .tv_sec = DEADLINE_SEC });
	process->is_killed = true;
	return true;
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
	struct feed_process *process = context;
	struct fetched fetched = { .result = FETCH_HAS_FAILED, .body_fd = -1 };

	(void)fd;
	if ((what & EV_TIMEOUT) && kill_late(process))
		return;
	if (what & EV_TIMEOUT)
		snprintf(fetched.message, sizeof(fetched.message), "%s does not exit", PROGRAM);
	else
		take_end(process, &fetched);
	process->done(process->context, &fetched);
	/* The callback has set it to -1 if it took the body over. */
	if (fetched.result == FETCH_IS_NEW && fetched.body_fd < 0)
		process->fds[FILE_BODY] = -1;
	free_process(process);
}

/* ---- start -------------------------------------------------------------- */

static int start_fetcher(struct feed_process *process, const char *program)
{
	char *const argv[] = { (char[]) { PROGRAM }, NULL };
	char *const environment[] = { (char[]) { "PATH=/usr/bin:/bin" }, (char[]) { "LC_ALL=C" },
				      NULL };
	const struct process_fd fds[] = {
		{ process->fds[FILE_REQUEST], FETCH_REQUEST_FD },
		{ process->fds[FILE_RESULT], FETCH_RESULT_FD },
		{ process->fds[FILE_BODY], FETCH_BODY_FD },
	};
	const struct process fetcher = { .path = program,
					 .argv = argv,
					 .environment = environment,
					 .fds = fds,
					 .fd_count = FILE_COUNT };

	return process_spawn(&fetcher, &process->pid);
}

/* Send the files to the program that starts a fetcher for them. */
static int send_files(const struct feed_process *process)
{
	char byte = 0;
	union {
		char bytes[CMSG_SPACE(FILE_COUNT * sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec iovec = { &byte, sizeof(byte) };
	const struct msghdr message = { .msg_iov = &iovec,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen = sizeof(control.bytes) };
	_Static_assert(FILE_COUNT == FETCH_FILE_COUNT, "as the other side expects");

	control.header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(FILE_COUNT * sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), process->fds, FILE_COUNT * sizeof(int));
	return sendmsg(process->end_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Connect without waiting. A full queue is an error. */
static int reach_fetcher(struct feed_process *process, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	process->end_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (process->end_fd < 0 ||
	    connect(process->end_fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return send_files(process);
}

static int open_files(struct feed_process *process, const struct feed_request *request,
		      char message[FEED_MESSAGE_BYTES])
{
	static const char *const names[FILE_COUNT] = { "request", "result", "body" };
	const char *path = request->feed->token_file;
	char token[TOKEN_BYTES_MAX + 1];
	int err = path ? token_read(path, token) : 0;

	if (err) {
		snprintf(message, FEED_MESSAGE_BYTES, "%s: %s", path,
			 err == -EINVAL ? "its first line contains no token" : strerror(-err));
		return err;
	}
	for (int i = 0; i < FILE_COUNT && !err; i++) {
		process->fds[i] = new_file(names[i]);
		err = process->fds[i] < 0 ? process->fds[i] : 0;
	}
	if (!err)
		err = write_request(process->fds[FILE_REQUEST], request, path ? token : NULL);
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "cannot create the request: %s",
			 strerror(-err));
	return err;
}

static int watch(struct feed_process *process, struct event_base *base, uint32_t timeout_sec)
{
	const struct timeval deadline = { .tv_sec = (time_t)timeout_sec + FETCH_GRACE_SEC +
						    DEADLINE_SEC };

	if (process->pid)
		process->end_fd = pidfd_open(process->pid, 0);
	if (process->end_fd < 0)
		return -errno;
	process->event = event_new(base, process->end_fd, EV_READ, on_end, process);
	return process->event && !event_add(process->event, &deadline) ? 0 : -ENOMEM;
}

static int launch(struct feed_process *process, struct event_base *base,
		  const struct feed_request *request, char message[FEED_MESSAGE_BYTES])
{
	const bool is_socket = getenv(FETCH_SOCKET_VARIABLE) != NULL;
	int err = is_socket ? reach_fetcher(process, request->program)
			    : start_fetcher(process, request->program);

	if (err)
		process->pid = 0;
	else
		err = watch(process, base, request->feed->timeout_sec);
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "%s cannot be %s: %s%s", request->program,
			 is_socket ? "reached" : "started", strerror(-err),
			 is_socket ? " (is ipwl-fetch.socket running?)" : "");
	return err;
}

int feed_process_start(struct event_base *base, const struct feed_request *request,
		       struct feed_process **ret_process, char message[FEED_MESSAGE_BYTES])
{
	struct feed_process *process = calloc(1, sizeof(*process));
	int err;

	if (!process) {
		snprintf(message, FEED_MESSAGE_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	process->end_fd = -1;
	for (int i = 0; i < FILE_COUNT; i++)
		process->fds[i] = -1;
	process->done = request->done;
	process->context = request->context;
	err = open_files(process, request, message);
	if (!err)
		err = launch(process, base, request, message);
	if (err)
		feed_process_stop(process);
	else
		*ret_process = process;
	return err;
}

void feed_process_set_context(struct feed_process *process, void *context)
{
	process->context = context;
}

void feed_process_stop(struct feed_process *process)
{
	if (!process)
		return;
	/* Wait for the killed process, so that it does not remain as a zombie. If it cannot be
	 * killed, init waits for it after our end. A fetcher that a service manager started
	 * ends by itself. */
	if (process->pid && !kill(process->pid, SIGKILL))
		waitpid(process->pid, NULL, 0);
	free_process(process);
}
