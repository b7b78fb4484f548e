/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to mail once an allow entry is removed, in words. */
#ifndef CTL_IMPACT_H
#define CTL_IMPACT_H

#include "ctl/writer.h"

/* Print ENTRY and the IMPACT of its removal (null for an entry of a block list). */
void impact_write(struct writer *writer, const json_t *entry, const json_t *impact);

/* After a removal without a question: warn on standard error if the entry was in use or if
 * its mail is now dropped. */
void impact_warn(const json_t *entry, const json_t *impact);

#endif
