/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `list --hit`: the entries that are hit most, or were hit last. */
#ifndef CTL_LIST_HITS_H
#define CTL_LIST_HITS_H

#include "ctl/command.h"

/* The options of `list`. */
enum { LIST_LIST, LIST_SOURCE, LIST_HIT, LIST_SORT, LIST_SINCE, LIST_LIMIT, LIST_CONFIG };

enum ctl_exit list_hits(const struct arguments *arguments);

#endif
