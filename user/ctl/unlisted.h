/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the status about what holds for sources in no list. */
#ifndef CTL_UNLISTED_H
#define CTL_UNLISTED_H

#include <jansson.h>

struct writer;

/* A line if there are limits for unlisted sources. */
void unlisted_write_limits(struct writer *writer, const json_t *limits);
/* A line if there is a shield against floods. */
void unlisted_write_flood(struct writer *writer, const json_t *flood);

#endif
