/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prevents a second ipwld from writing where this one does. */
#include "daemon/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/claim.h"
#include "base/file.h"
#include "base/log.h"

/* ipwld 0.1.0 locks this file in its runtime directory, and not the directory. */
#define OLD_LOCK_NAME "ipwld.lock"

/* Refuse while an ipwld of that version runs; else remove its lock file. */
static int refuse_old(const char *runtime_dir, char error[CLAIMS_ERROR_BYTES])
{
	char path[PATH_MAX], pid[32] = "";
	ssize_t bytes;
	int fd, err = 0;

	if (snprintf(path, sizeof(path), "%s/" OLD_LOCK_NAME, runtime_dir) >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		unlink(path);
	} else if (errno == EWOULDBLOCK) {
		bytes = read(fd, pid, sizeof(pid) - 1);
		pid[bytes > 0 ? bytes : 0] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		err = -EWOULDBLOCK;
		snprintf(error, CLAIMS_ERROR_BYTES,
			 "an older ipwld uses runtime_dir %s (pid %s): stop it first", runtime_dir,
			 *pid ? pid : "unknown");
	}
	close(fd);
	return err;
}

/* Root has no more rights than its files give it: ipwld has dropped the capability. */
static int refuse_unwritable(const char *directory, char error[CLAIMS_ERROR_BYTES])
{
	const struct passwd *owner;
	struct stat status;
	int err;

	if (!access(directory, W_OK))
		return 0;
	err = -errno;
	owner = stat(directory, &status) ? NULL : getpwuid(status.st_uid);
	snprintf(error, CLAIMS_ERROR_BYTES,
		 "cannot write in runtime_dir %s, which belongs to %s: let systemd start ipwld, or "
		 "give the directory to the user who runs it",
		 directory, owner ? owner->pw_name : "another user");
	return err;
}

static int claim_runtime(const char *directory, const char *what, int *claim,
			 char error[CLAIMS_ERROR_BYTES])
{
	int err = directory_make(directory, 0755);

	if (!err)
		err = claim_take(directory, what, claim);
	if (!err) {
		err = refuse_unwritable(directory, error);
		return err ? err : refuse_old(directory, error);
	}
	claim_explain(err, "runtime_dir", directory, error, CLAIMS_ERROR_BYTES);
	return err;
}

static int claim_state(const char *directory, const char *what, struct claims *claims,
		       char error[CLAIMS_ERROR_BYTES])
{
	int err = directory_make(directory, 0750);

	/* If there is an error, opening the database will report it. */
	if (err || claim_is_on(claims->runtime, directory))
		return 0;
	err = claim_take(directory, what, &claims->state);
	if (!err)
		return 0;
	claim_explain(err, "state_dir", directory, error, CLAIMS_ERROR_BYTES);
	if (err == -EWOULDBLOCK)
		return err;
	log_warning("daemon", "%s; make sure that no other ipwld uses it", error);
	return 0;
}

int claims_take(const struct config *config, const char *what, struct claims *claims,
		char error[CLAIMS_ERROR_BYTES])
{
	int err;

	*claims = (struct claims) { .runtime = -1, .state = -1 };
	err = claim_runtime(config->runtime_dir, what, &claims->runtime, error);
	return err ? err : claim_state(config->state_dir, what, claims, error);
}

void claims_give(struct claims *claims)
{
	claim_give(claims->state);
	claim_give(claims->runtime);
	*claims = (struct claims) { .runtime = -1, .state = -1 };
}
