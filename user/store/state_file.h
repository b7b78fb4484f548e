/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file below state.h: opening, checking, putting aside. */
#ifndef STORE_STATE_FILE_H
#define STORE_STATE_FILE_H

#include <sqlite3.h>

#define STATE_FILE_MESSAGE_BYTES 1024

enum state_file_result {
	STATE_FILE_OK,
	STATE_FILE_CORRUPT,    /* no database, or a damaged one */
	STATE_FILE_UNREADABLE, /* it exists, with entries that cannot be read now */
	STATE_FILE_UNUSABLE,   /* there is none, and none can be made */
	STATE_FILE_OUTDATED,   /* of an earlier release: its entries can be read, not changed */
};

/**
 * state_file_open() - open, check and if need be make the tables of a database
 * @ret_db: to be closed whatever the result is; may be NULL
 * @message: what is wrong, unless all is well
 */
enum state_file_result state_file_open(const char *path, sqlite3 **ret_db,
				       char message[STATE_FILE_MESSAGE_BYTES]);

/* Rename the database, and its journal, to PATH.corrupt-TIME. @message is the new name, or
 * what went wrong. Return: 0 or -errno. */
int state_file_set_aside(const char *path, char message[STATE_FILE_MESSAGE_BYTES]);

#endif
