/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads backups. Numbers in the header are little-endian. */
#include "store/backup.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/siphash.h"
#include "store/database.h"
#include "store/state_schema.h"

#define BACKUP_FORMAT 1

struct backup_header {
	char magic[12];
	uint32_t format;
	uint32_t schema; /* the version of the tables */
	uint32_t unused;
	uint64_t made_at_sec;
	uint64_t image_bytes;
	uint64_t checksum; /* of the image */
};

static const char backup_magic[12] = "ipwl-backup\n";

/* The checksum finds accidents, so the key is no secret. */
static uint64_t backup_checksum(const void *bytes, size_t count)
{
	static const uint8_t key[SIPHASH_KEY_BYTES] = { 0 };

	return siphash(key, bytes, count);
}

int backup_make(struct state *state, int64_t now_sec, char **ret_bytes, size_t *ret_count)
{
	struct backup_header header = { .format = htole32(BACKUP_FORMAT),
					.made_at_sec = htole64((uint64_t)now_sec) };
	int64_t version;
	size_t count;
	void *image;
	char *bytes;
	int err = database_image(state_database(state), &image, &count, &version);

	if (err)
		return err;
	memcpy(header.magic, backup_magic, sizeof(header.magic));
	header.schema = htole32((uint32_t)version);
	header.image_bytes = htole64(count);
	header.checksum = htole64(backup_checksum(image, count));
	bytes = malloc(sizeof(header) + count);
	if (bytes) {
		memcpy(bytes, &header, sizeof(header));
		memcpy(bytes + sizeof(header), image, count);
		*ret_bytes = bytes;
		*ret_count = sizeof(header) + count;
	}
	sqlite3_free(image);
	return bytes ? 0 : -ENOMEM;
}

/* ---- reading ----------------------------------------------------------------- */

static int backup_refuse(char message[BACKUP_MESSAGE_BYTES], const char *why)
{
	snprintf(message, BACKUP_MESSAGE_BYTES, "%s", why);
	return -EINVAL;
}

static int backup_check_header(const struct backup_header *header, size_t count,
			       char message[BACKUP_MESSAGE_BYTES])
{
	const size_t image_bytes = count - sizeof(*header);

	if (le32toh(header->format) != BACKUP_FORMAT) {
		snprintf(message, BACKUP_MESSAGE_BYTES,
			 "it comes from a later version of ipwl (format %u): install that version",
			 le32toh(header->format));
		return -EINVAL;
	}
	if (le32toh(header->schema) > (uint32_t)state_schema.version) {
		snprintf(message, BACKUP_MESSAGE_BYTES,
			 "it comes from a later version of ipwl (tables of version %u, and this "
			 "one knows %d): install that version",
			 le32toh(header->schema), state_schema.version);
		return -EINVAL;
	}
	if (le64toh(header->image_bytes) != image_bytes)
		return backup_refuse(message, le64toh(header->image_bytes) > image_bytes
						  ? "it is truncated: use another copy"
						  : "bytes were added to it: use another copy");
	return 0;
}

/* The number in the first row; 0 if there is none, as for a table that an earlier version does
 * not have. */
static size_t backup_query(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *row;
	size_t number = 0;

	if (sqlite3_prepare_v2(database, sql, -1, &row, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_step(row) == SQLITE_ROW)
		number = (size_t)sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return number;
}

static bool backup_is_sound(sqlite3 *database)
{
	sqlite3_stmt *row;
	bool is_sound = false;

	if (sqlite3_prepare_v2(database, "PRAGMA integrity_check(1)", -1, &row, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(row) == SQLITE_ROW) {
		const char *text = database_text(row, 0);

		is_sound = text && !strcmp(text, "ok");
	}
	sqlite3_finalize(row);
	return is_sound;
}

/* Open the image and look at its tables. */
static int backup_look(struct backup *backup, uint32_t schema, char message[BACKUP_MESSAGE_BYTES])
{
	sqlite3 *database;
	int err = 0;

	if (sqlite3_open(":memory:", &database) != SQLITE_OK ||
	    sqlite3_deserialize(database, "main", (unsigned char *)backup->image,
				(sqlite3_int64)backup->image_bytes,
				(sqlite3_int64)backup->image_bytes,
				SQLITE_DESERIALIZE_READONLY) != SQLITE_OK ||
	    !backup_is_sound(database) || backup_query(database, "PRAGMA user_version") != schema)
		err = backup_refuse(message, "its database is damaged: use another copy");
	backup->entry_count = backup_query(database, "SELECT count(*) FROM entries");
	backup->protection_count = backup_query(database, "SELECT count(*) FROM protections");
	backup->record_count = backup_query(database, "SELECT count(*) FROM history");
	backup->learned_count = backup_query(database, "SELECT count(*) FROM learned");
	sqlite3_close(database);
	return err;
}

int backup_read(char *bytes, size_t count, struct backup *ret_backup,
		char message[BACKUP_MESSAGE_BYTES])
{
	struct backup_header header;
	struct backup backup = { 0 };
	int err;

	if (count < sizeof(header) || memcmp(bytes, backup_magic, sizeof(backup_magic)) != 0)
		return backup_refuse(message, "it is no backup of ipwl");
	memcpy(&header, bytes, sizeof(header));
	err = backup_check_header(&header, count, message);
	if (err)
		return err;
	backup.made_at_sec = (int64_t)le64toh(header.made_at_sec);
	backup.image = bytes + sizeof(header);
	backup.image_bytes = count - sizeof(header);
	if (backup_checksum(backup.image, backup.image_bytes) != le64toh(header.checksum))
		return backup_refuse(message, "its checksum is wrong: use another copy");
	err = backup_look(&backup, le32toh(header.schema), message);
	if (!err)
		*ret_backup = backup;
	return err;
}

/* ---- restoring --------------------------------------------------------------- */

static int backup_fail(const char *path, char message[BACKUP_MESSAGE_BYTES])
{
	const int err = -errno;

	snprintf(message, BACKUP_MESSAGE_BYTES, "%s: %s", path, strerror(errno));
	return err;
}

/* Keep the database that is there, with the journal of a process that was killed, which belongs to
 * it. Return: 1: there is one; 0: there is none; -errno. */
static int backup_keep_former(const char *path, const char *state_dir,
			      char message[BACKUP_MESSAGE_BYTES])
{
	char former[PATH_MAX], journal[PATH_MAX + 16], former_journal[PATH_MAX + 16];

	snprintf(former, sizeof(former), "%s/" BACKUP_FORMER_NAME, state_dir);
	snprintf(journal, sizeof(journal), "%s-journal", path);
	snprintf(former_journal, sizeof(former_journal), "%s-journal", former);
	if (access(path, F_OK))
		return errno == ENOENT ? 0 : backup_fail(path, message);
	/* A link, and not a new name: until the new database replaces it, the old one stays. */
	if ((unlink(former) && errno != ENOENT) || (unlink(former_journal) && errno != ENOENT) ||
	    link(path, former))
		return backup_fail(former, message);
	if (rename(journal, former_journal) && errno != ENOENT)
		return backup_fail(journal, message);
	return 1;
}

int backup_restore(const struct backup *backup, const char *state_dir, bool *ret_has_former,
		   char message[BACKUP_MESSAGE_BYTES])
{
	char path[PATH_MAX];
	struct stat owner;
	int former, err;

	if (snprintf(path, sizeof(path), "%s/state.db", state_dir) >= (int)sizeof(path) - 32) {
		errno = ENAMETOOLONG;
		return backup_fail(state_dir, message);
	}
	if (stat(state_dir, &owner))
		return backup_fail(state_dir, message);
	former = backup_keep_former(path, state_dir, message);
	if (former < 0)
		return former;
	err = file_replace(path, 0640, backup->image, backup->image_bytes);
	if (err) {
		errno = -err;
		return backup_fail(path, message);
	}
	/* Who runs ipwld owns the directory. */
	if (chown(path, owner.st_uid, owner.st_gid))
		return backup_fail(path, message);
	*ret_has_former = former > 0;
	return 0;
}
