/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload changes, as `diff` and `reload` show it. */
#ifndef CTL_CHANGES_H
#define CTL_CHANGES_H

#include "ctl/writer.h"

/* Settings, then lists with theirs, of an answer: arrays in JSON, lines in text. */
void changes_write(struct writer *writer, const json_t *answer);

#endif
