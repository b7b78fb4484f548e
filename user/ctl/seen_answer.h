/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `seen` and `blocked` have in common: a question about attempts, and its answer. */
#ifndef CTL_SEEN_ANSWER_H
#define CTL_SEEN_ANSWER_H

#include "ctl/command.h"
#include "ctl/writer.h"

struct seen_view {
	const char *path;
	const char *key; /* of the array in the answer */
	const struct column *columns;
	const char *what[2]; /* an element, and several */
	const char *matched; /* NULL: "that a block list matches" */
	const char *since;   /* the default */
	/* Options, as the command line has them; NULL: not given. */
	const char *since_text;
	const char *limit;
	const char *list;
	const char *sort;
	const char *prefix;
	bool has_names;
	const char *servers;
};

/* Ask, and show the answer. Return: CTL_NEGATIVE if nothing matches. */
enum ctl_exit seen_show(const struct arguments *arguments, const struct seen_view *view);

#endif
