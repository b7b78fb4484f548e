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

/* Say why a copy is held back, why the last fetch failed, and what is wrong with the copy in
 * force. @copy: a feed or domain as the API has it. */
void copies_write_words(struct writer *writer, enum feed_kind kind, const json_t *copy);

/* The text of a member; "" if it is null or another type. */
const char *copies_text(const json_t *object, const char *key);

#endif
