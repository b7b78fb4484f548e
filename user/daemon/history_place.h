/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes as keys of the database that sort as prefix_compare() does, so that those
 * inside a prefix lie together. */
#ifndef DAEMON_HISTORY_PLACE_H
#define DAEMON_HISTORY_PLACE_H

#include "core/prefix.h"

#define HISTORY_PLACE_BYTES 18

void history_place(const struct prefix *prefix, unsigned char place[HISTORY_PLACE_BYTES]);

#endif
