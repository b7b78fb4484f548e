/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL on a database file, beside the code under test. */
#ifndef UNIT_SQL_NUMBER_H
#define UNIT_SQL_NUMBER_H

#include <sqlite3.h>
#include <stdint.h>

/* Run SQL in the database at @path. Return: its first number, or -1 without one. */
static __attribute__((unused)) int64_t sql_number(const char *path, const char *sql)
{
	sqlite3_stmt *row;
	sqlite3 *handle;
	int64_t number = -1;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &row, NULL), SQLITE_OK);
	if (sqlite3_step(row) == SQLITE_ROW)
		number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(handle);
	return number;
}

#endif
