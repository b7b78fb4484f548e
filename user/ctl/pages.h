/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that come page by page, shown as one table. Memory does not grow with their number. */
#ifndef CTL_PAGES_H
#define CTL_PAGES_H

#include "ctl/client.h"
#include "ctl/writer.h"

struct pages {
	const char *path;
	const char *key; /* of the array in an answer, and of the table */
	const struct column *columns;
	struct parameter filter; /* of every page; without a value: none */
	const char *none;	 /* the message if there is nothing */
	const char *no_match;	 /* the same with a filter */
};

/* Show all pages. Return: CTL_NEGATIVE if a filter leaves nothing. */
enum ctl_exit pages_show(const struct arguments *arguments, const struct pages *pages);

#endif
