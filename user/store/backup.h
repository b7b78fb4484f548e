/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backups of state.db: manual entries, protections, the history, learned entries and domains.
 *
 * A backup is a header and an image of the database. The header has a checksum of the image and
 * the version of its tables.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "store/state.h"

#define BACKUP_MESSAGE_BYTES 5120
/* The database that a restoration replaces is kept under this name beside it. */
#define BACKUP_FORMER_NAME "state.db.before-restore"

/* What a backup contains. */
struct backup {
	int64_t made_at_sec;
	size_t entry_count;
	size_t protection_count;
	size_t record_count; /* of the history */
	size_t learned_count;
	char *image; /* inside the bytes that were read */
	size_t image_bytes;
};

/* Make a backup of a database without an open transaction. @ret_bytes: to be freed. Return: 0;
 * -EIO: state_error() says why; -ENOMEM. */
int backup_make(struct state *state, int64_t now_sec, char **ret_bytes, size_t *ret_count);

/**
 * backup_read() - check a backup completely, and count what it contains
 * @bytes: all of the file; must outlive @ret_backup
 * @message: what is wrong, if this fails
 *
 * Return: 0; -EINVAL: it is damaged, is no backup, or comes from a later version.
 */
int backup_read(char *bytes, size_t count, struct backup *ret_backup,
		char message[BACKUP_MESSAGE_BYTES]);

/* Replace state.db in @state_dir, which exists and which no ipwld uses. @ret_has_former: whether
 * there was one, which is kept. Return: 0; -errno: @message says what failed. */
int backup_restore(const struct backup *backup, const char *state_dir, bool *ret_has_former,
		   char message[BACKUP_MESSAGE_BYTES]);

#endif
