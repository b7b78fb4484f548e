/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a copy made into entries of source `feed`. */
#ifndef FEEDS_PARSE_H
#define FEEDS_PARSE_H

#include "base/lines.h"
#include "config/feed_config.h"
#include "feeds/copy.h"
#include "formats/read.h"

/* Lines about one copy that are kept. */
#define FEED_LINES_MAX 20

/**
 * feed_parse() - read a copy in the format of its feed
 * @ret_set: finished, with one reference; untouched on error
 * @ret_result: counts
 * @details: errors and warnings of the lines are added, the first of them
 *
 * Return: 0; -EINVAL: it is no list of that format; -ENOMEM.
 */
int feed_parse(const struct feed_config *feed, const struct feed_copy *copy,
	       struct entry_set **ret_set, struct format_result *ret_result, struct lines *details);

#endif
