/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of a configuration that is not in force, in tables of their own. */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include "ctl/ctl.h"
#include "datapath/simulate.h"

/**
 * trial_open() - load the program with the lists of a configuration
 * @config: its path
 * @bpffs_dir: tables are pinned beside this directory until this returns
 *
 * The tables have the entries of the configuration and of list files, and the mode and limits of
 * the configuration. Nothing that is in force changes. Return: CTL_DONE, or the exit code after a
 * message.
 */
enum ctl_exit trial_open(const char *config, const char *bpffs_dir,
			 struct simulation **ret_simulation);

#endif
