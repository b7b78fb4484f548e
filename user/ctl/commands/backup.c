/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `backup` and `restore`: state.db in one file. ipwld makes a backup while it runs, and must not
 * run while one is restored. */
#include "store/backup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/claim.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/plural.h"
#include "config/config.h"
#include "ctl/client.h"
#include "ctl/memory.h"
#include "ctl/writer.h"

enum { RESTORE_CONFIG };

static const struct column backup_columns[] = {
	{ "file", NULL, FORM_PLAIN },	     { "made_at", NULL, FORM_PLAIN },
	{ "entries", NULL, FORM_PLAIN },     { "protections", NULL, FORM_PLAIN },
	{ "learned", NULL, FORM_PLAIN },     { "records", NULL, FORM_PLAIN },
	{ "restored_to", NULL, FORM_PLAIN }, { NULL, NULL, FORM_PLAIN },
};

/* Read and check a backup. @ret_bytes: to be freed. Return: CTL_DONE; CTL_INVALID after a
 * message. */
static enum ctl_exit backup_load(const char *path, char **ret_bytes, struct backup *ret_backup)
{
	char message[BACKUP_MESSAGE_BYTES];
	int64_t changed_sec;
	size_t count;
	int err = file_read_whole(path, ret_bytes, &count, &changed_sec);

	if (err) {
		ctl_error("%s: %s", path,
			  err == -EBADMSG ? "it is no regular file" : strerror(-err));
		return CTL_INVALID;
	}
	if (!backup_read(*ret_bytes, count, ret_backup, message))
		return CTL_DONE;
	ctl_error("%s: %s", path, message);
	free(*ret_bytes);
	return CTL_INVALID;
}

/* @restored_to: the state directory, or NULL */
static void backup_write(const struct arguments *arguments, const struct backup *backup,
			 const char *restored_to)
{
	const char *path = arguments->positional[0];
	char time_text[TIME_TEXT_BYTES];
	struct writer writer;
	json_t *object = ctl_allocated(json_pack(
	    "{s:o,s:s,s:I,s:I,s:I,s:I,s:s?}", "file", writer_string(path), "made_at",
	    time_format(backup->made_at_sec, time_text), "entries", (json_int_t)backup->entry_count,
	    "protections", (json_int_t)backup->protection_count, "learned",
	    (json_int_t)backup->learned_count, "records", (json_int_t)backup->record_count,
	    "restored_to", restored_to));

	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	writer_members(&writer, backup_columns, object);
	writer_text(&writer, COLOUR_NONE,
		    "%s of %s: %zu manual %s, %zu %s, %zu learned %s, %zu %s of the history", path,
		    time_text, backup->entry_count, plural(backup->entry_count, "entry", "entries"),
		    backup->protection_count,
		    plural(backup->protection_count, "protection", "protections"),
		    backup->learned_count, plural(backup->learned_count, "entry", "entries"),
		    backup->record_count, plural(backup->record_count, "record", "records"));
	writer_line_end(&writer);
	if (restored_to) {
		writer_text(&writer, COLOUR_NONE, "restored to %s; start ipwld now", restored_to);
		writer_line_end(&writer);
	}
	writer_end(&writer);
	json_decref(object);
}

/* ---- backup ----------------------------------------------------------------- */

/* Ask ipwld for a backup. @ret_bytes: to be freed */
static enum ctl_exit backup_fetch(const struct arguments *arguments, char **ret_bytes,
				  size_t *ret_count)
{
	const struct request request = { .method = "GET",
					 .path = "/v1/backup",
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	FILE *stream = ctl_allocated(open_memstream(ret_bytes, ret_count));
	struct client *client = client_new(arguments);
	enum ctl_exit code = client_download(client, &request, stream);

	client_free(client);
	if (fclose(stream))
		ctl_allocated(NULL);
	if (code)
		free(*ret_bytes);
	return code;
}

/* Write a backup beside the file, read it again and check it, and only then replace the file. */
static enum ctl_exit backup_store(const char *path, const char *bytes, size_t count,
				  struct backup *ret_backup)
{
	char *fresh, *again;
	enum ctl_exit code;
	int err;

	if (asprintf(&fresh, "%s.new", path) < 0)
		ctl_allocated(NULL);
	err = file_replace(fresh, 0600, bytes, count);
	if (err) {
		ctl_error("%s: %s", fresh, strerror(-err));
		free(fresh);
		return CTL_NEGATIVE;
	}
	code = backup_load(fresh, &again, ret_backup);
	if (!code && rename(fresh, path)) {
		ctl_error("%s: %s", path, strerror(errno));
		code = CTL_NEGATIVE;
	}
	if (!code) {
		ret_backup->image = NULL;
		free(again);
	} else {
		unlink(fresh);
	}
	free(fresh);
	return code;
}

static enum ctl_exit run_backup(const struct arguments *arguments)
{
	struct backup backup;
	size_t count;
	char *bytes;
	enum ctl_exit code = backup_fetch(arguments, &bytes, &count);

	if (code)
		return code;
	code = backup_store(arguments->positional[0], bytes, count, &backup);
	free(bytes);
	if (!code)
		backup_write(arguments, &backup, NULL);
	return code;
}

/* ---- restore ---------------------------------------------------------------- */

/* Replace state.db, unless an ipwld uses the directory. */
static enum ctl_exit restore_into(const struct backup *backup, const char *state_dir)
{
	char message[BACKUP_MESSAGE_BYTES], owner[CLAIM_OWNER_BYTES];
	bool has_former;
	int claim, err = claim_take(state_dir, "ipwlctl restore", &claim);

	if (err == -EWOULDBLOCK) {
		claim_read_owner(state_dir, owner);
		ctl_error("an ipwld uses %s (%s): stop it first", state_dir, owner);
		return CTL_NEGATIVE;
	}
	if (err) {
		ctl_error("%s: %s", state_dir, strerror(-err));
		return err == -EACCES || err == -EPERM ? CTL_DENIED : CTL_NEGATIVE;
	}
	err = backup_restore(backup, state_dir, &has_former, message);
	claim_give(claim);
	if (err) {
		ctl_error("%s", message);
		return err == -EACCES || err == -EPERM ? CTL_DENIED : CTL_NEGATIVE;
	}
	if (has_former)
		ctl_error("the former database is kept as %s/" BACKUP_FORMER_NAME, state_dir);
	return CTL_DONE;
}

static enum ctl_exit run_restore(const struct arguments *arguments)
{
	const char *config = arguments->options[RESTORE_CONFIG];
	char *bytes, *state_dir;
	struct backup backup;
	enum ctl_exit code = backup_load(arguments->positional[0], &bytes, &backup);

	if (code)
		return code;
	if (!config)
		config = CONFIG_DEFAULT_PATH;
	if (config_read_state_dir(config, &state_dir)) {
		ctl_error(
		    "%s does not say where state_dir is: name the configuration with --config",
		    config);
		free(bytes);
		return CTL_INVALID;
	}
	code = restore_into(&backup, state_dir);
	if (!code)
		backup_write(arguments, &backup, state_dir);
	free(state_dir);
	free(bytes);
	return code;
}

const struct command command_backup = {
	.name = "backup",
	.positional = "FILE",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "write manual entries, protections and the history to a file",
	.description = "Also learned entries. FILE is checked after it was written.",
	.run = run_backup,
};

const struct command command_restore = {
	.name = "restore",
	.positional = "FILE",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "put a backup in the place of what is there",
	.description = "Stop ipwld first. The former database is kept beside the new one.",
	.options = { [RESTORE_CONFIG] = { "config", "FILE",
					  "the configuration that names state_dir", 0 } },
	.run = run_restore,
};
