/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds as `feeds` and `refresh` show them. */
#ifndef CTL_FEEDS_TABLE_H
#define CTL_FEEDS_TABLE_H

#include "ctl/writer.h"

/* The table, and below it messages about feeds that need attention. */
void feeds_table(struct writer *writer, const json_t *feeds);

#endif
