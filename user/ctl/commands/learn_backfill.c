/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `learn backfill`: has a confined program read old logs, and sends the evidence to ipwld. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/plural.h"
#include "base/process.h"
#include "ctl/client.h"
#include "ctl/learn.h"
#include "ctl/memory.h"

#define PROGRAM "ipwl-maillog"
/* Evidence is sent in pieces of this size. */
#define PIECE_BYTES (4UL << 20)
/* The last line of the program: "read LINES TIME". */
#define END "read "

struct backfill {
	struct client *client;
	const char *path; /* of the log */
	int fd;
	off_t size; /* 0: unknown */
	bool shows_progress;
	char *piece;
	size_t piece_bytes;
	bool is_complete; /* the program has read all of it */
	long long lines;
	long long noted;
	long long dropped;
};

static const struct column backfill_columns[] = {
	{ "files", NULL, FORM_PLAIN },
	{ "noted", NULL, FORM_PLAIN },
	{ "dropped", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* ---- progress --------------------------------------------------------------- */

/* The program reads the same open file, so its place is known here. */
static void show_progress(const struct backfill *backfill)
{
	const off_t place = lseek(backfill->fd, 0, SEEK_CUR);
	const long long found = backfill->noted + backfill->dropped;

	if (!backfill->shows_progress)
		return;
	fprintf(stderr, "\r%s: ", backfill->path);
	if (backfill->size > 0 && place >= 0)
		fprintf(stderr, "%3d %%, ", (int)(place * 100 / backfill->size));
	fprintf(stderr, "%lld %s of evidence", found, plural((uint64_t)found, "item", "items"));
}

static void end_progress(const struct backfill *backfill)
{
	if (backfill->shows_progress)
		fputc('\n', stderr);
}

/* ---- evidence --------------------------------------------------------------- */

static enum ctl_exit send_piece(struct backfill *backfill)
{
	const struct request request = { .method = "POST",
					 .path = "/v1/learn/evidence",
					 .data = backfill->piece,
					 .data_bytes = backfill->piece_bytes,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *answer = NULL;
	enum ctl_exit code;

	if (!backfill->piece_bytes)
		return CTL_DONE;
	code = client_request(backfill->client, &request, &answer);
	if (!code) {
		backfill->noted += json_integer_value(json_object_get(answer, "noted"));
		backfill->dropped += json_integer_value(json_object_get(answer, "dropped"));
	}
	json_decref(answer);
	backfill->piece_bytes = 0;
	show_progress(backfill);
	return code;
}

/* Take one line of the program, with its newline. */
static enum ctl_exit take_line(struct backfill *backfill, const char *line, size_t bytes)
{
	if (!strncmp(line, END, strlen(END))) {
		backfill->is_complete = true;
		backfill->lines += strtoll(line + strlen(END), NULL, 10);
		return CTL_DONE;
	}
	if (backfill->piece_bytes + bytes > PIECE_BYTES) {
		enum ctl_exit code = send_piece(backfill);

		if (code)
			return code;
	}
	if (bytes <= PIECE_BYTES) {
		memcpy(backfill->piece + backfill->piece_bytes, line, bytes);
		backfill->piece_bytes += bytes;
	}
	return CTL_DONE;
}

static enum ctl_exit take_lines(struct backfill *backfill, FILE *stream)
{
	enum ctl_exit code = CTL_DONE;
	char *line = NULL;
	size_t size = 0;
	ssize_t bytes;

	while (!code && (bytes = getline(&line, &size, stream)) > 0)
		code = take_line(backfill, line, (size_t)bytes);
	free(line);
	return code ? code : send_piece(backfill);
}

/* ---- the program ------------------------------------------------------------ */

/* Find the program beside this one, or in sbin beside bin. The caller frees the path. */
static char *find_program(void)
{
	static const char *const places[] = { "%s/" PROGRAM, "%s/../sbin/" PROGRAM };
	char directory[PATH_MAX];
	ssize_t bytes = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
	char *slash, *path;

	if (bytes < 0)
		return NULL;
	directory[bytes] = '\0';
	slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (asprintf(&path, places[i], directory) < 0)
			path = ctl_allocated(NULL);
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

static int spawn_program(const char *path, int log_fd, int output_fd, pid_t *ret_pid)
{
	char *const argv[] = { (char[]) { PROGRAM }, (char[]) { "-b" }, NULL };
	char *const environment[] = { (char[]) { "PATH=/usr/bin:/bin" }, (char[]) { "LC_ALL=C" },
				      NULL };
	const struct process_fd fds[] = { { log_fd, STDIN_FILENO },
					  { output_fd, STDOUT_FILENO },
					  { STDERR_FILENO, STDERR_FILENO } };
	const struct process program = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.fds = fds,
		.fd_count = sizeof(fds) / sizeof(*fds),
	};

	return process_spawn(&program, ret_pid);
}

/* Start the program on the log; @ret_fd: what it writes. Return: 0 or -errno. */
static int start_program(const struct backfill *backfill, pid_t *ret_pid, int *ret_fd)
{
	char *path = find_program();
	int pipe_fds[2], err;

	if (!path)
		return -ENOENT;
	err = pipe2(pipe_fds, O_CLOEXEC) ? -errno : 0;
	if (err) {
		free(path);
		return err;
	}
	err = spawn_program(path, backfill->fd, pipe_fds[1], ret_pid);
	free(path);
	close(pipe_fds[1]);
	if (err)
		close(pipe_fds[0]);
	else
		*ret_fd = pipe_fds[0];
	return err;
}

static enum ctl_exit read_log(struct backfill *backfill)
{
	enum ctl_exit code;
	int fd, status;
	FILE *stream;
	pid_t pid;
	int err = start_program(backfill, &pid, &fd);

	if (err) {
		ctl_error(PROGRAM " cannot be started: %s", strerror(-err));
		return CTL_NEGATIVE;
	}
	stream = ctl_allocated(fdopen(fd, "r"));
	backfill->is_complete = false;
	code = take_lines(backfill, stream);
	/* If it still writes, it ends now. */
	fclose(stream);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	end_progress(backfill);
	if (code || (backfill->is_complete && !status))
		return code;
	ctl_error("%s: not read to its end; what was read before is noted", backfill->path);
	return CTL_INVALID;
}

static enum ctl_exit backfill_file(struct backfill *backfill, const char *path)
{
	struct stat status;
	enum ctl_exit code;

	backfill->path = path;
	backfill->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (backfill->fd < 0 || fstat(backfill->fd, &status)) {
		ctl_error("%s: %s", path, strerror(errno));
		code = errno == EACCES ? CTL_DENIED : CTL_INVALID;
	} else {
		backfill->size = S_ISREG(status.st_mode) ? status.st_size : 0;
		code = read_log(backfill);
	}
	if (backfill->fd >= 0)
		close(backfill->fd);
	return code;
}

static void write_backfilled(const struct arguments *arguments, const struct backfill *backfill)
{
	json_t *answer = ctl_allocated(json_pack(
	    "{s:I,s:I,s:I}", "files", (json_int_t)(arguments->positional_count - 1), "noted",
	    (json_int_t)backfill->noted, "dropped", (json_int_t)backfill->dropped));
	struct writer writer;

	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	writer_members(&writer, backfill_columns, answer);
	writer_text(
	    &writer, COLOUR_NONE, "%lld %s of the mail server: %lld %s of evidence noted, %lld not",
	    backfill->lines, plural((uint64_t)backfill->lines, "line", "lines"), backfill->noted,
	    plural((uint64_t)backfill->noted, "item", "items"), backfill->dropped);
	writer_line_end(&writer);
	writer_end(&writer);
	json_decref(answer);
}

enum ctl_exit learn_backfill(const struct arguments *arguments)
{
	struct backfill backfill = { .client = client_new(arguments),
				     .piece = ctl_allocated(malloc(PIECE_BYTES)),
				     .shows_progress =
					 isatty(STDERR_FILENO) && !arguments->global[GLOBAL_JSON] };
	enum ctl_exit code = CTL_DONE;

	for (size_t i = 1; i < arguments->positional_count && !code; i++)
		code = backfill_file(&backfill, arguments->positional[i]);
	if (!code)
		write_backfilled(arguments, &backfill);
	free(backfill.piece);
	client_free(backfill.client);
	return code;
}
