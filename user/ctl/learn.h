/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of `learn'. */
#ifndef CTL_LEARN_H
#define CTL_LEARN_H

#include "ctl/command.h"
#include "ctl/writer.h"

enum { LEARN_STATE, LEARN_SINCE, LEARN_REASON, LEARN_YES };

/* All members of a LEARNED of docs/control-api.md. */
extern const struct column learned_columns[];

enum ctl_exit learn_change(const struct arguments *arguments);
enum ctl_exit learn_backfill(const struct arguments *arguments);
enum ctl_exit learn_simulate(const struct arguments *arguments);

#endif
