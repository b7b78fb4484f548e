/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of domains, for the commands that show them. */
#ifndef CTL_DOMAINS_TABLE_H
#define CTL_DOMAINS_TABLE_H

#include "ctl/writer.h"

void domains_table(struct writer *writer, const json_t *domains);

#endif
