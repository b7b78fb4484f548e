/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of mail without an allow entry, in words. */
#ifndef CTL_IMPACT_H
#define CTL_IMPACT_H

#include "ctl/writer.h"

/* Lines about ENTRY and the IMPACT of its removal (null: it is of a block list). */
void impact_write(struct writer *writer, const json_t *entry, const json_t *impact);

/* After the removal that nobody was asked about: warnings on standard error, if it was in
 * use or its mail is dropped from now on. */
void impact_warn(const json_t *entry, const json_t *impact);

#endif
