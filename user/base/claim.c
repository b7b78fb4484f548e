/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exclusive use of a directory by one process, through a lock on the directory. */
#include "base/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The link is only for people, so a failure to make it is ignored. */
static void write_owner(int directory, const char *what)
{
	char owner[CLAIM_OWNER_BYTES];

	snprintf(owner, sizeof(owner), "pid %d, %s", (int)getpid(), what);
	unlinkat(directory, CLAIM_OWNER_NAME, 0);
	if (symlinkat(owner, directory, CLAIM_OWNER_NAME))
		errno = 0;
}

/* Return: a descriptor that holds the lock of the directory which is at the path now; -errno. */
static int open_locked(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int claim_take(const char *directory, const char *what, int *ret_claim)
{
	int fd = open_locked(directory);

	/* Between the two calls, the directory may have been replaced by another one. */
	while (fd >= 0 && !claim_is_on(fd, directory)) {
		close(fd);
		fd = open_locked(directory);
	}
	if (fd < 0)
		return fd;
	write_owner(fd, what);
	*ret_claim = fd;
	return 0;
}

bool claim_is_on(int claim, const char *directory)
{
	struct stat of_claim, of_path;

	return claim >= 0 && !fstat(claim, &of_claim) && !stat(directory, &of_path) &&
	       of_claim.st_dev == of_path.st_dev && of_claim.st_ino == of_path.st_ino;
}

void claim_give(int claim)
{
	if (claim < 0)
		return;
	unlinkat(claim, CLAIM_OWNER_NAME, 0);
	close(claim);
}

/* Return: false: there is none. */
static bool read_link(const char *directory, char path[PATH_MAX], char owner[CLAIM_OWNER_BYTES])
{
	int length = snprintf(path, PATH_MAX, "%s/%s", directory, CLAIM_OWNER_NAME);
	ssize_t bytes = -1;

	if (length > 0 && length < PATH_MAX)
		bytes = readlink(path, owner, CLAIM_OWNER_BYTES - 1);
	owner[bytes > 0 ? bytes : 0] = '\0';
	return bytes > 0;
}

bool claim_read_owner(const char *directory, char owner[CLAIM_OWNER_BYTES])
{
	char path[PATH_MAX];

	if (read_link(directory, path, owner))
		return true;
	snprintf(owner, CLAIM_OWNER_BYTES, "pid unknown");
	return false;
}

void claim_explain(int err, const char *setting, const char *directory, char *error,
		   size_t error_bytes)
{
	char owner[CLAIM_OWNER_BYTES];

	if (err != -EWOULDBLOCK) {
		snprintf(error, error_bytes, "cannot claim %s %s: %s", setting, directory,
			 strerror(-err));
		return;
	}
	claim_read_owner(directory, owner);
	snprintf(error, error_bytes,
		 "another ipwld uses %s %s (%s): stop that ipwld, or give this one its "
		 "own directory",
		 setting, directory, owner);
}

void claim_remove_directory(const char *directory)
{
	char path[PATH_MAX], owner[CLAIM_OWNER_BYTES];
	bool has_owner = read_link(directory, path, owner);

	if (has_owner)
		unlink(path);
	if (rmdir(directory) && has_owner && symlink(owner, path))
		errno = 0;
}
