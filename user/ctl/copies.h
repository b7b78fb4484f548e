/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `feeds` and `domains` have in common: show them, fetch them now, and inspect or accept a
 * copy that is held back. */
#ifndef CTL_COPIES_H
#define CTL_COPIES_H

#include "config/feed_config.h"
#include "ctl/client.h"
#include "ctl/writer.h"

/* Show all. @write shows the answer. */
enum ctl_exit copies_show(const struct arguments *arguments, enum feed_kind kind,
			  void (*write)(struct writer *writer, const json_t *answer));
/* Fetch @name (NULL: all) and have @write_table show the results. */
enum ctl_exit copies_refresh(const struct arguments *arguments, enum feed_kind kind,
			     const char *name,
			     void (*write_table)(struct writer *writer, const json_t *copies));
enum ctl_exit copies_diff(const struct arguments *arguments, enum feed_kind kind, const char *name);
enum ctl_exit copies_accept(const struct arguments *arguments, enum feed_kind kind,
			    const char *name);

/* Say why a copy is held back, and which commands show and accept it. */
void copies_write_held(struct writer *writer, enum feed_kind kind, const char *name,
		       const json_t *held);

#endif
