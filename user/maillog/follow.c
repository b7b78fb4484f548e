/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a log file by looking at it each second. Its place is in what the file contains, so
 * one search finds it after any rotation, and after a restart.
 */
#include "maillog/follow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "maillog/place.h"
#include "maillog/rotated.h"

/* A longer line is left out. */
#define BUFFER_BYTES 262144
#define PAUSE_MS 1000
/* What is read again at the start, to know the messages in the queue. */
#define MEMORY_BYTES (INT64_C(64) << 20)
/* Of a log, gzip makes about a tenth. */
#define GZIP_FACTOR 10
/* A rotation may leave no file for a moment. */
#define MISSING_SEC 60

struct follower {
	const char *path;
	struct mail_log *log;
	struct output *output;
	struct log_file file; /* the one that has the name, or had it until it was rotated */
	struct place place;   /* does not move in what is only remembered */
	bool is_silent;
	double missing_since_sec; /* 0: it is there */
	size_t filled;
	char buffer[BUFFER_BYTES]; /* what follows the place */
};

/* ---- lines ---------------------------------------------------------------- */

/* Read the lines in the buffer. Return: how many bytes they have. */
static size_t read_lines(struct follower *follower)
{
	const char *line = follower->buffer;
	const char *const end = line + follower->filled;
	const char *stop;

	for (; (stop = memchr(line, '\n', (size_t)(end - line))) != NULL; line = stop + 1)
		mail_log_line(follower->log, line, (size_t)(stop - line));
	if (line == follower->buffer && follower->filled == BUFFER_BYTES)
		return BUFFER_BYTES;
	return (size_t)(line - follower->buffer);
}

/* Read more of the file; @offset is that of the buffer. Return: how many bytes are done; 0: the
 * rest is no whole line; -errno. */
static ssize_t read_more(struct follower *follower, struct log_file *file, int64_t offset,
			 int64_t limit)
{
	const int64_t left = limit - offset - (int64_t)follower->filled;
	size_t size = BUFFER_BYTES - follower->filled;
	ssize_t bytes;
	size_t done;

	if (left < (int64_t)size)
		size = left > 0 ? (size_t)left : 0;
	bytes = log_file_read_at(file, offset + (int64_t)follower->filled,
				 follower->buffer + follower->filled, size);
	if (bytes < 0)
		return bytes;
	/* The file may have been truncated and written again: these bytes do not follow then. */
	if (bytes && file == &follower->file && !place_is_still_in(&follower->place, file))
		return 0;
	follower->filled += (size_t)bytes;
	mail_log_set_now(follower->log, time_now_sec());
	done = read_lines(follower);
	if (!follower->is_silent)
		place_advance(&follower->place, follower->buffer, done);
	follower->filled -= done;
	memmove(follower->buffer, follower->buffer + done, follower->filled);
	return (ssize_t)done;
}

static void report_place(struct follower *follower)
{
	const struct place_mark mark = place_mark(&follower->place);
	char text[PLACE_TEXT_BYTES];

	place_mark_format(&mark, text);
	output_position(follower->output, text, mail_log_counts(follower->log));
}

/* Read from the place to the end. */
static int read_rest(struct follower *follower, struct log_file *file)
{
	ssize_t bytes;

	while ((bytes = read_more(follower, file, follower->place.offset, INT64_MAX)) > 0 &&
	       !output_is_closed(follower->output))
		report_place(follower);
	return bytes < 0 ? (int)bytes : 0;
}

/* Remember the lines between these offsets. */
static void remember_range(struct follower *follower, struct log_file *file, int64_t from,
			   int64_t to)
{
	ssize_t bytes;

	follower->is_silent = true;
	mail_log_set_silent(follower->log, true);
	follower->filled = 0;
	while ((bytes = read_more(follower, file, from, to)) > 0)
		from += bytes;
	mail_log_set_silent(follower->log, false);
	follower->is_silent = false;
	follower->filled = 0;
}

/* ---- rotated files -------------------------------------------------------- */

/* Read the rest of a rotated file. If it is kept, it is followed further, because its writer may
 * not know yet that it was rotated. */
static void finish_rotated(struct follower *follower, struct log_file *file, bool is_kept)
{
	read_rest(follower, file);
	if (is_kept && !file->gz) {
		log_file_close(&follower->file);
		follower->file = *file;
		return;
	}
	log_file_close(file);
	follower->filled = 0;
	place_begin_next(&follower->place);
}

/* Read a file that comes after that of the place. */
static void read_next(struct follower *follower, const char *path, bool is_kept)
{
	struct log_file file;

	if (log_file_open(path, &file))
		return;
	/* A compressed copy may stand beside the file. */
	if (follower->place.previous_bytes &&
	    place_begins_with(&file, follower->place.previous_bytes, follower->place.previous))
		log_file_close(&file);
	else
		finish_rotated(follower, &file, is_kept);
}

/* Find the place in a rotated file, read the rest of it, and the files after it. */
static void catch_up_rotated(struct follower *follower, const struct place_mark *mark,
			     bool keeps_last)
{
	struct rotated rotated;
	struct log_file file;
	bool is_found = false;

	if (rotated_find(follower->path, &rotated))
		return;
	for (size_t i = 0; i < rotated.count; i++) {
		const bool is_kept = keeps_last && i + 1 == rotated.count;

		if (is_found) {
			read_next(follower, rotated.paths[i], is_kept);
			continue;
		}
		if (log_file_open(rotated.paths[i], &file))
			continue;
		is_found = place_mark_is_in(mark, &file) && place_go(&follower->place, &file, mark);
		if (is_found)
			finish_rotated(follower, &file, is_kept);
		else
			log_file_close(&file);
	}
	rotated_done(&rotated);
}

static bool is_in_use(const struct log_file *file)
{
	struct stat status;

	return file->fd >= 0 && !fstat(file->fd, &status) && status.st_size > 0;
}

/* Go to the mark, wherever it is now. Afterwards the file with the name is open, or the one that
 * had it before, or none. */
static void catch_up(struct follower *follower, const struct place_mark *mark)
{
	bool is_used;

	log_file_close(&follower->file);
	follower->filled = 0;
	if (!log_file_open(follower->path, &follower->file) &&
	    place_mark_is_in(mark, &follower->file) &&
	    place_go(&follower->place, &follower->file, mark))
		return;
	is_used = is_in_use(&follower->file);
	follower->place =
	    (struct place) { .previous_bytes = mark->head_bytes, .previous = mark->head };
	catch_up_rotated(follower, mark, !is_used);
	/* Somebody changed the file itself: what it contains was read before. */
	if (is_used && mark->head_bytes && follower->place.previous == mark->head &&
	    place_begins_with(&follower->file, mark->head_bytes, mark->head)) {
		mail_log_set_silent(follower->log, true);
		read_rest(follower, &follower->file);
		mail_log_set_silent(follower->log, false);
	}
}

/* ---- the start ------------------------------------------------------------ */

/* Return: how many bytes of log the file has, about. */
static int64_t estimate_bytes(const char *path)
{
	struct log_file file;
	struct stat status;
	int64_t bytes = 0;

	if (log_file_open(path, &file))
		return 0;
	if (!fstat(file.fd, &status))
		bytes = file.gz ? status.st_size * GZIP_FACTOR : status.st_size;
	log_file_close(&file);
	return bytes;
}

/* Remember a file, but not its first bytes. */
static void remember_file(struct follower *follower, const char *path, int64_t skipped)
{
	struct log_file file;

	if (log_file_open(path, &file))
		return;
	remember_range(follower, &file, file.gz ? 0 : skipped, INT64_MAX);
	log_file_close(&file);
}

/* The position of the file that begins with these bytes, or `count`. */
static size_t find_beginning(const struct rotated *rotated, uint32_t bytes, uint64_t hash)
{
	size_t i;

	for (i = 0; i < rotated->count; i++) {
		struct log_file file;
		bool is_found;

		if (log_file_open(rotated->paths[i], &file))
			continue;
		is_found = place_begins_with(&file, bytes, hash);
		log_file_close(&file);
		if (is_found)
			break;
	}
	return i;
}

/* Remember the files before that of the mark, up to so many bytes. */
static void remember_previous(struct follower *follower, const struct place_mark *mark,
			      int64_t bytes)
{
	struct rotated rotated;
	size_t last, first;
	int64_t total = 0;

	if (!mark->previous_bytes || rotated_find(follower->path, &rotated))
		return;
	last = find_beginning(&rotated, mark->previous_bytes, mark->previous);
	for (first = last; first < rotated.count; first--) {
		total += estimate_bytes(rotated.paths[first]);
		if (total >= bytes || !first)
			break;
	}
	for (size_t i = first; i <= last && i < rotated.count; i++)
		remember_file(follower, rotated.paths[i],
			      i == first && total > bytes ? total - bytes : 0);
	rotated_done(&rotated);
}

static bool remember_in(struct follower *follower, const char *path, const struct place_mark *mark)
{
	struct log_file file;
	bool is_found;

	if (log_file_open(path, &file))
		return false;
	is_found = place_mark_is_in(mark, &file);
	if (is_found) {
		if (mark->offset < MEMORY_BYTES)
			remember_previous(follower, mark, MEMORY_BYTES - mark->offset);
		remember_range(follower, &file,
			       mark->offset > MEMORY_BYTES ? mark->offset - MEMORY_BYTES : 0,
			       mark->offset);
	}
	log_file_close(&file);
	return is_found;
}

/* Know the messages again that were in the queue at the mark. */
static void remember(struct follower *follower, const struct place_mark *mark)
{
	struct rotated rotated;

	if (remember_in(follower, follower->path, mark) || rotated_find(follower->path, &rotated))
		return;
	for (size_t i = 0; i < rotated.count; i++)
		if (remember_in(follower, rotated.paths[i], mark))
			break;
	rotated_done(&rotated);
}

/* ---- from then on --------------------------------------------------------- */

static void report_missing(struct follower *follower, int err)
{
	char problem[512];
	const double now_sec = time_monotonic_sec();

	if (follower->missing_since_sec <= 0)
		follower->missing_since_sec = now_sec;
	if (err == -ENOENT && now_sec - follower->missing_since_sec < MISSING_SEC)
		return;
	snprintf(problem, sizeof(problem), "%s: %s", follower->path,
		 err == -EINVAL ? "it is not a regular file" : strerror(-err));
	output_problem(follower->output, problem);
}

static void open_file(struct follower *follower)
{
	int err = log_file_open(follower->path, &follower->file);

	if (err) {
		report_missing(follower, err);
		return;
	}
	follower->missing_since_sec = 0;
	follower->filled = 0;
	output_problem(follower->output, NULL);
}

/* Whether another file has the name and is in use, or the content was replaced. */
static bool is_rotated(struct follower *follower)
{
	struct stat named, opened;

	if (fstat(follower->file.fd, &opened))
		return false;
	if (opened.st_size < follower->place.offset ||
	    !place_is_still_in(&follower->place, &follower->file))
		return true;
	return !stat(follower->path, &named) && named.st_size > 0 &&
	       (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino);
}

static void follow(struct follower *follower)
{
	struct place_mark mark;
	int err;

	while (!output_is_closed(follower->output)) {
		if (follower->file.fd < 0)
			open_file(follower);
		if (follower->file.fd >= 0 && is_rotated(follower)) {
			/* Lines may have been added before the rotation. */
			if (place_is_still_in(&follower->place, &follower->file))
				read_rest(follower, &follower->file);
			mark = place_mark(&follower->place);
			catch_up(follower, &mark);
			continue;
		}
		if (follower->file.fd >= 0) {
			err = read_rest(follower, &follower->file);
			if (err) {
				report_missing(follower, err);
				log_file_close(&follower->file);
			}
		}
		output_wait(follower->output, PAUSE_MS);
	}
}

void follow_file(const char *path, const char *position, struct mail_log *log,
		 struct output *output)
{
	struct follower *follower = calloc(1, sizeof(*follower));
	struct place_mark mark;

	if (!follower)
		return;
	follower->path = path;
	follower->log = log;
	follower->output = output;
	follower->file.fd = -1;
	if (position && place_mark_parse(position, &mark)) {
		remember(follower, &mark);
		catch_up(follower, &mark);
		if (follower->file.fd >= 0)
			output_problem(output, NULL);
	}
	follow(follower);
	log_file_close(&follower->file);
	free(follower);
}
