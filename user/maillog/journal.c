/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the journal. A mail server is known by the slice of its unit, which no other program can
 * claim, or by its identifier. A program of any user can claim an identifier, so such an entry
 * must come from root or from the user of the mail server.
 */
#include "maillog/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "base/number.h"
#include "maillog/protocol.h"

#define PAUSE_MS 1000
/* Entries between two positions. */
#define BATCH 1024
/* What is read again at the start, to know the messages in the queue. */
#define MEMORY_ENTRIES 100000
/* What is read at the very first start. */
#define FIRST_SEC (INT64_C(30) * 86400)
#define PREFIX "journal "

const char *const journal_calls[] = {
	"inotify_init1",     /* it tells of new files */
	"inotify_add_watch", /* likewise */
	"inotify_rm_watch",  /* likewise */
	"fstatfs",	     /* some file systems need other ways to map a file */
	"fstatfs64",	     /* likewise */
	NULL,
};

#define NAMES_MAX 16

/* How entries of a mail server are known. Lists end with NULL. */
struct journal_source {
	const char *slice; /* or NULL */
	const char *identifiers[NAMES_MAX];
	const char *users[NAMES_MAX]; /* as which its programs write, beside root */
};

static const struct journal_source sources[EVIDENCE_SOURCE_COUNT] = {
	[EVIDENCE_FROM_POSTFIX] = {
		.slice = "system-postfix.slice",
		.identifiers = {
			"postfix/smtpd",
			"postfix/smtp",
			"postfix/qmgr",
			"postfix/cleanup",
			"postfix/pickup",
			"postfix/lmtp",
			"postfix/local",
			"postfix/virtual",
			"postfix/pipe",
			"postfix/postscreen",
			"postfix/relay/smtp",
			"postfix/submission/smtpd",
			"postfix/submissions/smtpd",
			"postfix/smtps/smtpd",
		},
		.users = { "postfix" },
	},
	[EVIDENCE_FROM_EXIM] = {
		.identifiers = { "exim", "exim4" },
		.users = { "Debian-exim", "exim" },
	},
	[EVIDENCE_FROM_OPENSMTPD] = {
		.identifiers = { "smtpd" },
		.users = { "opensmtpd", "opensmtpq", "smtpd", "smtpq", "_smtpd", "_smtpq" },
	},
};

struct journal_reader {
	sd_journal *journal;
	struct mail_log *log;
	struct output *output;
	const struct journal_source *source;
	int64_t users[NAMES_MAX];
	size_t user_count;
};

/* ---- entries -------------------------------------------------------------- */

/* The value of a field of the entry. */
static bool entry_field(struct journal_reader *reader, const char *field, const char **ret_value,
			size_t *ret_bytes)
{
	const size_t skipped = strlen(field) + 1;
	const void *data;
	size_t bytes;

	if (sd_journal_get_data(reader->journal, field, &data, &bytes) < 0 || bytes < skipped)
		return false;
	*ret_value = (const char *)data + skipped;
	*ret_bytes = bytes - skipped;
	return true;
}

static bool entry_is_trusted(struct journal_reader *reader)
{
	const char *slice = reader->source->slice;
	const char *value;
	size_t bytes;
	int64_t user;

	if (slice && entry_field(reader, "_SYSTEMD_SLICE", &value, &bytes) &&
	    bytes == strlen(slice) && !memcmp(value, slice, bytes))
		return true;
	if (!entry_field(reader, "_UID", &value, &bytes) ||
	    number_scan(value, bytes, &user) != bytes)
		return false;
	for (size_t i = 0; i < reader->user_count; i++)
		if (user == reader->users[i])
			return true;
	return !user;
}

static void read_entry(struct journal_reader *reader)
{
	const char *tag, *text;
	size_t tag_bytes, text_bytes;
	uint64_t time_usec;

	if (!entry_is_trusted(reader) ||
	    sd_journal_get_realtime_usec(reader->journal, &time_usec) < 0)
		return;
	/* libsystemd may unmap one field when it reads the next. */
	char identifier[64];

	if (!entry_field(reader, "SYSLOG_IDENTIFIER", &tag, &tag_bytes) ||
	    tag_bytes > sizeof(identifier))
		return;
	memcpy(identifier, tag, tag_bytes);
	if (entry_field(reader, "MESSAGE", &text, &text_bytes))
		mail_log_entry(reader->log, (int64_t)(time_usec / 1000000), identifier, tag_bytes,
			       text, text_bytes);
}

static void report_cursor(struct journal_reader *reader)
{
	char text[MAILLOG_POSITION_MAX + 1];
	char *cursor;

	if (sd_journal_get_cursor(reader->journal, &cursor) < 0)
		return;
	if (strlen(cursor) < sizeof(text) - strlen(PREFIX)) {
		snprintf(text, sizeof(text), PREFIX "%s", cursor);
		output_position(reader->output, text, mail_log_counts(reader->log));
	}
	free(cursor);
}

/* ---- the start ------------------------------------------------------------ */

/* Know the messages again that were in the queue at the cursor. Afterwards the next entry is the
 * first new one. */
static int remember(struct journal_reader *reader, const char *cursor)
{
	int count, err = sd_journal_seek_cursor(reader->journal, cursor);

	if (err < 0)
		return err;
	count = sd_journal_previous_skip(reader->journal, MEMORY_ENTRIES);
	if (count <= 0)
		return sd_journal_seek_cursor(reader->journal, cursor);
	mail_log_set_silent(reader->log, true);
	do
		read_entry(reader);
	while (--count > 0 && sd_journal_next(reader->journal) > 0);
	mail_log_set_silent(reader->log, false);
	return 0;
}

static int seek_start(struct journal_reader *reader, const char *position)
{
	const int64_t since_sec = time_now_sec() - FIRST_SEC;

	if (position && !strncmp(position, PREFIX, strlen(PREFIX)))
		return remember(reader, position + strlen(PREFIX));
	return sd_journal_seek_realtime_usec(reader->journal,
					     (uint64_t)(since_sec > 0 ? since_sec : 0) * 1000000);
}

static int add_matches(sd_journal *journal, const struct journal_source *source)
{
	char match[80];
	int err = 0;

	if (source->slice) {
		snprintf(match, sizeof(match), "_SYSTEMD_SLICE=%s", source->slice);
		err = sd_journal_add_match(journal, match, 0);
		if (err >= 0)
			err = sd_journal_add_disjunction(journal);
	}
	for (size_t i = 0; err >= 0 && source->identifiers[i]; i++) {
		snprintf(match, sizeof(match), "SYSLOG_IDENTIFIER=%s", source->identifiers[i]);
		err = sd_journal_add_match(journal, match, 0);
	}
	return err;
}

static void find_users(struct journal_reader *reader)
{
	for (size_t i = 0; reader->source->users[i]; i++) {
		const struct passwd *user = getpwnam(reader->source->users[i]);

		if (user)
			reader->users[reader->user_count++] = user->pw_uid;
	}
}

static int open_journal(struct journal_reader *reader, const char *directory, const char *position)
{
	int err = directory ? sd_journal_open_directory(&reader->journal, directory, 0)
			    : sd_journal_open(&reader->journal,
					      SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

	find_users(reader);
	if (err < 0)
		return err;
	err = add_matches(reader->journal, reader->source);
	return err < 0 ? err : seek_start(reader, position);
}

/* ---- from then on --------------------------------------------------------- */

static void report_access(const struct journal_reader *reader)
{
	const bool is_there = sd_journal_has_persistent_files(reader->journal) > 0 ||
			      sd_journal_has_runtime_files(reader->journal) > 0;

	output_problem(reader->output,
		       is_there ? NULL
				: "no journal can be read: the reader must be in the group "
				  "systemd-journal");
}

/* Return: 0 when nobody reads the output; -errno. */
static int follow_entries(struct journal_reader *reader)
{
	size_t count = 0;
	int more;

	while (!output_is_closed(reader->output)) {
		more = sd_journal_next(reader->journal);
		if (more < 0)
			return more;
		if (more) {
			read_entry(reader);
			if (++count % BATCH == 0)
				report_cursor(reader);
			continue;
		}
		report_cursor(reader);
		report_access(reader);
		more = sd_journal_wait(reader->journal, PAUSE_MS * UINT64_C(1000));
		if (more < 0)
			output_wait(reader->output, PAUSE_MS);
	}
	return 0;
}

void follow_journal(const char *directory, const char *position, struct mail_log *log,
		    struct output *output)
{
	struct journal_reader reader = { .log = log,
					 .output = output,
					 .source = &sources[mail_log_server(log)] };
	char problem[512];
	int err = open_journal(&reader, directory, position);

	if (err >= 0)
		err = follow_entries(&reader);
	/* ipwld starts the reader again. */
	if (err < 0) {
		snprintf(problem, sizeof(problem), "the journal%s%s cannot be read: %s",
			 directory ? " in " : "", directory ? directory : "", strerror(-err));
		output_problem(output, problem);
	}
	sd_journal_close(reader.journal);
}
