/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `detach`: takes ipwl off this machine, by the daemon or, if there is none that
 * answers, by itself: it is what helps when all else fails. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../config/config.h"
#include "../datapath/datapath.h"
#include "exchange.h"

#define DETACH_TIMEOUT_SEC 10

enum { DETACH_CONFIG };

static const struct column detach_columns[] = { { "detached", NULL, FORM_PLAIN },
						{ "by", NULL, FORM_PLAIN },
						{ NULL, NULL, FORM_PLAIN } };

/* @by: "ipwld" or "ipwlctl"; @is_detached false: nothing was attached. */
static void write_outcome(struct writer *writer, bool is_detached, const char *by)
{
	json_t *object = ctl_allocated(json_pack("{s:b, s:s}", "detached", is_detached, "by", by));

	writer_members(writer, detach_columns, object);
	json_decref(object);
}

static void write_answer(struct writer *writer, const json_t *answer)
{
	write_outcome(writer, json_is_true(json_object_get(answer, "detached")), "ipwld");
	writer_text(writer, COLOUR_NONE, "detached by ipwld, which goes on without a data plane");
	writer_line_end(writer);
}

/* Say what was done without the daemon. */
static void write_offline(bool is_json, bool is_detached, const char *bpffs_dir)
{
	struct writer writer;

	writer_begin(&writer, stdout, is_json);
	write_outcome(&writer, is_detached, "ipwlctl");
	writer_text(&writer, COLOUR_NONE,
		    is_detached ? "detached without ipwld: all that was pinned in %s is gone"
				: "nothing is attached: nothing is pinned in %s",
		    bpffs_dir);
	writer_line_end(&writer);
	writer_end(&writer);
}

static enum ctl_exit fail(const char *bpffs_dir, int error, const char *message)
{
	bool is_denied = error == -EPERM || error == -EACCES;

	ctl_error("cannot detach %s: %s%s", bpffs_dir, *message ? message : strerror(-error),
		  is_denied ? ": be root" : "");
	return is_denied ? CTL_DENIED : CTL_NEGATIVE;
}

/* Whether anything is pinned: a directory that is not there, or empty because it
 * is a mount point, has nothing. Return: 0 or -errno. */
static int find_pins(const char *bpffs_dir, bool *ret_found)
{
	const struct dirent *item;
	DIR *directory = opendir(bpffs_dir);
	bool found = false;

	if (!directory && errno != ENOENT)
		return -errno;
	while (directory && (item = readdir(directory)))
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			found = true;
	if (directory)
		closedir(directory);
	*ret_found = found;
	return 0;
}

static enum ctl_exit detach_dir(const char *bpffs_dir, bool is_json)
{
	char message[DATAPATH_ERROR_BYTES] = "";
	bool has_pins = false;
	int error = find_pins(bpffs_dir, &has_pins);

	/* Also for nothing pinned: an empty directory goes, too. */
	if (!error)
		error = datapath_detach(bpffs_dir, message);
	if (error)
		return fail(bpffs_dir, error, message);
	write_offline(is_json, has_pins, bpffs_dir);
	return CTL_DONE;
}

static enum ctl_exit detach_offline(const struct arguments *arguments)
{
	const char *path = arguments->options[DETACH_CONFIG];
	const char *bpffs_dir = CONFIG_DEFAULT_BPFFS_DIR;
	bool is_json = arguments->global[GLOBAL_JSON];
	struct diagnostics diagnostics;
	struct config *config = NULL;
	enum ctl_exit code;

	if (!path)
		path = CONFIG_DEFAULT_PATH;
	diagnostics_init(&diagnostics);
	if (!config_load(path, &diagnostics, &config))
		bpffs_dir = config->bpffs_dir;
	else
		ctl_error("%s cannot be used: looking in %s", path, bpffs_dir);
	/* A configuration with an error may name another directory: "nothing is
	 * attached" would be a guess then. */
	if (!config && !access(path, F_OK) && access(bpffs_dir, F_OK) && errno == ENOENT) {
		diagnostics_print(&diagnostics, stderr);
		ctl_error("cannot tell where ipwl is pinned: there is no %s", bpffs_dir);
		code = CTL_INVALID;
	} else {
		code = detach_dir(bpffs_dir, is_json);
	}
	diagnostics_done(&diagnostics);
	config_free(config);
	return code;
}

static enum ctl_exit run(const struct arguments *arguments)
{
	const struct request request = { .method = "POST",
					 .path = "/v1/detach",
					 .timeout_sec = DETACH_TIMEOUT_SEC,
					 /* This answer is not the last word: */
					 .is_continuation = true };
	enum ctl_exit code = exchange(arguments, &request, "detached", write_answer);

	if (code != CTL_UNREACHABLE)
		return code;
	return detach_offline(arguments);
}

const struct command command_detach = {
	.name = "detach",
	.positional = "",
	.summary = "take ipwl off all interfaces, with or without ipwld",
	.description =
	    "Without ipwld, or if it does not answer within 10 seconds, this program does\n"
	    "it by itself, as root.",
	.options = { [DETACH_CONFIG] = { "config", "FILE",
					 "where bpffs_dir is, without ipwld (" CONFIG_DEFAULT_PATH
					 ")",
					 0 } },
	.run = run,
};
