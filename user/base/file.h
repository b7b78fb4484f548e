/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories: read completely, and replaced completely or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/diagnostics.h"

/* ---- read ----------------------------------------------------------------- */

/* Open a regular file for reading; anything else is an error: a FIFO or a device
 * could block the reader for ever. Return: 0, or -EINVAL with an error added. */
int file_open(const char *path, struct diagnostics *diagnostics, int *ret_fd);

/* Read up to @size bytes. Returns their number, 0 at the end of the file, or
 * -EINVAL with an error added. */
ssize_t file_read(int fd, const char *path, char *buffer, size_t size,
		  struct diagnostics *diagnostics);

/**
 * file_read_whole() - read all of a regular file
 * @ret_text: to be freed; a zero stands behind its last byte
 * @ret_changed_sec: when it was changed last
 *
 * Symbolic links are not followed. Return: 0, -ENOMEM, -errno; -EBADMSG: it is no regular
 * file, or became shorter meanwhile.
 */
int file_read_whole(const char *path, char **ret_text, size_t *ret_bytes, int64_t *ret_changed_sec);

/* ---- write ---------------------------------------------------------------- */

/* Write all of it at @offset. Return: 0 or -errno: how much is written is not known. */
int file_write_at(int fd, const void *bytes, size_t count, off_t offset);

struct file_part {
	const void *bytes;
	size_t count;
};

/**
 * file_prepare() - write the new content beside the file, in DIRECTORY/.NAME.ipwl-new
 * @mode: of the file, whatever the umask
 * @parts: one after another
 *
 * The remains of an earlier attempt are replaced. Return: 0: it is on the disk, and
 * file_commit() or file_abandon() comes next; -errno: nothing is left behind.
 */
int file_prepare(const char *path, mode_t mode, const struct file_part *parts, size_t part_count);

/* Replace the file with the prepared one. Return: 0 if the change survives a power cut; -errno. */
int file_commit(const char *path);
void file_abandon(const char *path);

/* Both in one call. Return: 0; -errno: the file has not changed; or, if its directory could not
 * be written to the disk, it is replaced, but may not survive a power cut. */
int file_replace(const char *path, mode_t mode, const void *bytes, size_t count);

/* ---- directories ---------------------------------------------------------- */

/* Make a directory and those above it, if missing. Return: 0 or -errno. */
int directory_make(const char *path, mode_t mode);

/* The same inside one of ipwl's own directories, where a symbolic link is an error: -ENOTDIR. */
int directory_make_inside(const char *path, mode_t mode);

#endif
