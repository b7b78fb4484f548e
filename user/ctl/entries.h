/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ENTRY of docs/control-api.md, as the commands show it. */
#ifndef CTL_ENTRIES_H
#define CTL_ENTRIES_H

#include "ctl/writer.h"

/* All members of an ENTRY. */
extern const struct column entry_columns[];

/* The same and `decides`, the first column in text. */
extern const struct column entry_test_columns[];

/* "config", "file /etc/ipwl/allow.d/a.list:12": where an entry comes from; to be
 * freed. */
char *entry_provenance(const json_t *entry);

/* The members "entry" and "entries" of an answer, in JSON. */
void entry_write_answer(struct writer *writer, const json_t *answer);

/* End a line with the entry: "!192.0.2.7/32  partners  file /etc/ipwl/allow.d/a.list:12". The last
 * part is cut if the line, which has @used columns already, would be too wide. */
void entry_write_line(struct writer *writer, enum colour colour, size_t used, const json_t *entry);

/* A member that is a string, or "?". */
const char *entry_string(const json_t *entry, const char *key);

#endif
