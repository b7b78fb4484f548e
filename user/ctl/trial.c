/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes tables for a simulation. They are pinned for a moment only: the simulation keeps them, and
 * they end with it. */
#include "ctl/trial.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diagnostics.h"
#include "config/config.h"
#include "core/rules.h"

#define TRIAL_OWNER "ipwlctl simulate"

static enum ctl_exit trial_load(const char *path, struct config **ret_config)
{
	struct diagnostics diagnostics;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(path, NULL, &diagnostics, ret_config);
	if (err == -EINVAL)
		diagnostics_print(&diagnostics, DIAGNOSTICS_SHOWN, stderr);
	else if (err)
		ctl_error("out of memory");
	diagnostics_done(&diagnostics);
	return err ? CTL_INVALID : CTL_DONE;
}

/* Fill the tables. Return: 0 or -errno. */
static int trial_apply(struct datapath *datapath, struct config *config,
		       char error[DATAPATH_ERROR_BYTES])
{
	struct datapath_change change = {
		.policy = config->policy,
		.uses_index = !config->is_index_off,
		.is_rebuild = true,
		.ports = config->ports,
		.port_count = config->port_count,
		.enforce = config->is_enforcing,
		.limits = config->limits,
	};
	struct rules_change rules = { 0 };
	struct rule_ids ids;
	int err;

	rule_ids_init(&ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
	err = rules_number(config->policy, NULL, &ids, &rules);
	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -ENOSPC ? "there are too many entries" : "out of memory");
	if (!err)
		err = datapath_assign_slots(datapath, config->policy, error);
	change.added_rules = rules.added;
	change.added_rule_count = rules.added_count;
	if (!err)
		err = datapath_apply(datapath, &change, error);
	rules_change_done(&rules);
	rule_ids_done(&ids);
	return err;
}

/* Make the tables, let a simulation use them, and unpin them. Return: 0 or -errno. */
static int trial_make(const char *dir, struct config *config, struct simulation **ret_simulation,
		      char error[DATAPATH_ERROR_BYTES])
{
	char ignored[DATAPATH_ERROR_BYTES];
	struct datapath *datapath;
	bool is_adopted;
	int err = datapath_open(dir, TRIAL_OWNER, &datapath, &is_adopted, error);

	if (err)
		return err;
	err = trial_apply(datapath, config, error);
	if (!err)
		err = simulation_open(dir, ret_simulation, error);
	datapath_detach(dir, ignored);
	datapath_close(datapath);
	return err;
}

enum ctl_exit trial_open(const char *config_path, const char *bpffs_dir,
			 struct simulation **ret_simulation)
{
	char dir[PATH_MAX], error[DATAPATH_ERROR_BYTES] = "";
	struct config *config;
	enum ctl_exit code = trial_load(config_path, &config);
	int err;

	if (code)
		return code;
	if (snprintf(dir, sizeof(dir), "%s-trial-%ld", bpffs_dir, (long)getpid()) >=
	    (int)sizeof(dir))
		err = -ENAMETOOLONG;
	else
		err = trial_make(dir, config, ret_simulation, error);
	config_free(config);
	if (!err)
		return CTL_DONE;
	if (err == -EPERM || err == -EACCES) {
		ctl_error("%s: run this as root", error);
		return CTL_DENIED;
	}
	ctl_error("the lists of %s cannot be tried: %s", config_path, error);
	return CTL_NEGATIVE;
}
