/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `detach`: takes ipwl off this machine. It asks the daemon, or does it by itself if no
 * daemon answers, so that it works when nothing else does. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/claim.h"
#include "config/config.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"
#include "datapath/datapath.h"

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

static void write_detached(struct writer *writer, const json_t *answer)
{
	bool is_detached = json_is_true(json_object_get(answer, "detached"));

	write_outcome(writer, is_detached, "ipwld");
	writer_text(
	    writer, COLOUR_NONE,
	    is_detached
		? "detached by ipwld, which is still running; nothing is filtered until a reload"
		: "nothing to detach: ipwld is already detached");
	writer_line_end(writer);
}

/* Say what was done without the daemon. */
static void write_offline(bool is_json, bool is_detached, const char *bpffs_dir)
{
	struct writer writer;

	writer_begin(&writer, stdout, is_json);
	write_outcome(&writer, is_detached, "ipwlctl");
	writer_text(&writer, COLOUR_NONE,
		    is_detached ? "detached without ipwld: everything pinned in %s has been removed"
				: "nothing to detach: nothing is pinned in %s",
		    bpffs_dir);
	writer_line_end(&writer);
	writer_end(&writer);
}

/* No history is written without the daemon, so the system's log says who it was. */
static void log_offline(const char *bpffs_dir)
{
	const char *sudo_user = client_sudo_user();
	const struct passwd *user = getpwuid(getuid());

	openlog("ipwlctl", LOG_PID, LOG_DAEMON);
	syslog(LOG_WARNING, "%s%s detached ipwl without ipwld: everything pinned in %s is removed",
	       sudo_user ? sudo_user
	       : user	 ? user->pw_name
			 : "a user",
	       sudo_user ? " (sudo)" : "", bpffs_dir);
	closelog();
}

static enum ctl_exit fail_detach(const char *bpffs_dir, int error, const char *message)
{
	bool is_denied = error == -EPERM || error == -EACCES;

	ctl_error("cannot detach %s: %s%s", bpffs_dir, *message ? message : strerror(-error),
		  is_denied ? ": run this as root" : "");
	return is_denied ? CTL_DENIED : CTL_NEGATIVE;
}

/* ---- whose pins they are --------------------------------------------------- */

/* Whether @owner is the ipwld that was asked and gave no answer: the directory of its
 * socket has the same owner. */
static bool was_asked(const struct arguments *arguments, const char *owner)
{
	const char *socket = arguments->global[GLOBAL_SOCKET];
	char directory[PATH_MAX], owner_of_socket[CLAIM_OWNER_BYTES];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", socket ? socket : CTL_DEFAULT_SOCKET);
	slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	return claim_read_owner(slash ? directory : ".", owner_of_socket) &&
	       !strcmp(owner, owner_of_socket);
}

/* Claim the pins, so that no ipwld starts meanwhile. The pins of a running ipwld are taken
 * only if it was asked first and gave no answer. Return: the exit code. */
static enum ctl_exit claim_pins(const struct arguments *arguments, const char *bpffs_dir,
				int *ret_claim)
{
	char owner[CLAIM_OWNER_BYTES];
	int error = claim_take(bpffs_dir, "ipwlctl detach", ret_claim);

	if (!error || error == -ENOENT)
		return CTL_DONE;
	if (error != -EWOULDBLOCK)
		return fail_detach(bpffs_dir, error, "");
	claim_read_owner(bpffs_dir, owner);
	if (was_asked(arguments, owner))
		return CTL_DONE;
	ctl_error("cannot detach %s: another ipwld uses it (%s): name its socket with "
		  "--socket, or stop it first",
		  bpffs_dir, owner);
	return CTL_NEGATIVE;
}

/* Whether anything is pinned. The directory may be missing, or empty because it is a mount
 * point. Return: 0 or -errno. */
static int find_pins(const char *bpffs_dir, bool *ret_found)
{
	const struct dirent *item;
	DIR *directory = opendir(bpffs_dir);
	bool found = false;

	if (!directory && errno != ENOENT)
		return -errno;
	while (directory && (item = readdir(directory)))
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 &&
		    strcmp(item->d_name, CLAIM_OWNER_NAME) != 0)
			found = true;
	if (directory)
		closedir(directory);
	*ret_found = found;
	return 0;
}

/* ---- detach ---------------------------------------------------------------- */

static enum ctl_exit detach_dir(const struct arguments *arguments, const char *bpffs_dir)
{
	char message[DATAPATH_ERROR_BYTES] = "";
	bool has_pins = false;
	int error = find_pins(bpffs_dir, &has_pins);
	enum ctl_exit code;
	int claim = -1;

	if (error)
		return fail_detach(bpffs_dir, error, message);
	code = claim_pins(arguments, bpffs_dir, &claim);
	if (code)
		return code;
	/* Also if nothing is pinned: this removes an empty directory, too. */
	error = datapath_detach(bpffs_dir, message);
	claim_give(claim);
	if (error)
		return fail_detach(bpffs_dir, error, message);
	if (has_pins)
		log_offline(bpffs_dir);
	write_offline(arguments->global[GLOBAL_JSON], has_pins, bpffs_dir);
	return CTL_DONE;
}

/* No configuration says which directory it is. The default directory may be the right one,
 * but if nothing is pinned there, "nothing to detach" would be a guess. */
static enum ctl_exit detach_default(const struct arguments *arguments, const char *path)
{
	bool has_pins = false;

	if (!find_pins(CONFIG_DEFAULT_BPFFS_DIR, &has_pins) && !has_pins &&
	    (strcmp(path, CONFIG_DEFAULT_PATH) != 0 || !access(path, F_OK))) {
		ctl_error("%s: cannot read bpffs_dir, and nothing is pinned in %s: "
			  "name the configuration with --config",
			  path, CONFIG_DEFAULT_BPFFS_DIR);
		return CTL_INVALID;
	}
	ctl_error("%s: cannot read bpffs_dir: looking in %s instead", path,
		  CONFIG_DEFAULT_BPFFS_DIR);
	return detach_dir(arguments, CONFIG_DEFAULT_BPFFS_DIR);
}

static enum ctl_exit detach_offline(const struct arguments *arguments)
{
	const char *path = arguments->options[DETACH_CONFIG];
	enum ctl_exit code;
	char *bpffs_dir;

	if (!path)
		path = CONFIG_DEFAULT_PATH;
	if (config_read_bpffs_dir(path, &bpffs_dir))
		return detach_default(arguments, path);
	code = detach_dir(arguments, bpffs_dir);
	free(bpffs_dir);
	return code;
}

static enum ctl_exit run_detach(const struct arguments *arguments)
{
	const struct parameter query[] = { { "sudo_user", client_sudo_user() }, { NULL, NULL } };
	const struct request request = { .method = "POST",
					 .path = "/v1/detach",
					 .query = query,
					 .timeout_sec = DETACH_TIMEOUT_SEC,
					 /* This answer is not the last word: */
					 .is_continuation = true };
	enum ctl_exit code = exchange(arguments, &request, "detached", write_detached);

	if (code != CTL_UNREACHABLE)
		return code;
	return detach_offline(arguments);
}

const struct command command_detach = {
	.name = "detach",
	.positional = "",
	.summary = "detach ipwl from all interfaces, with or without ipwld",
	.description =
	    "If ipwld is not running, or does not answer within 10 seconds, ipwlctl detaches\n"
	    "the programs itself. For that it must run as root.",
	.options = { [DETACH_CONFIG] = { "config", "FILE",
					 "the configuration with bpffs_dir (" CONFIG_DEFAULT_PATH
					 ")",
					 0 } },
	.run = run_detach,
};
