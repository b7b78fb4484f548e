/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RECORD of docs/control-api.md, as the commands show it. */
#ifndef CTL_RECORDS_H
#define CTL_RECORDS_H

#include "ctl/writer.h"

/* All members of a RECORD. */
extern const struct column record_columns[];

/* "alice (sudo)", or "-"; to be freed. */
char *record_author(const json_t *record);

/* "add (undone by 14)"; to be freed. */
char *record_event(const json_t *record);

/* "+192.0.2.7/32": what a change added (+), removed (-) or altered (~). For a summary,
 * "+12 -3". To be freed. */
char *change_text(const json_t *change);

/* "record 12, add of 192.0.2.7/32 in partners by alice at 2026-…"; to be freed. */
char *record_describe(const json_t *record);

#endif
