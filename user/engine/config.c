/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration and its list files, read whole or not at all (config/config.c). */
#include "engine/config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/diagnostics.h"
#include "engine/internal.h"

/* These paths cannot change while the daemon has them open. */
static void config_refuse_moves(const struct config *current, const struct config *config,
				const struct source_reading *reading)
{
	const struct {
		const char *key, *from, *to;
	} directories[] = {
		{ "state_dir", current->state_dir, config->state_dir },
		{ "runtime_dir", current->runtime_dir, config->runtime_dir },
		{ "bpffs_dir", current->bpffs_dir, config->bpffs_dir },
	};

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (strcmp(directories[i].from, directories[i].to))
			lines_add(&reading->refusal->details,
				  "%s: %s cannot change from %s to %s in a reload: restart ipwld",
				  reading->path, directories[i].key, directories[i].from,
				  directories[i].to);
}

/* Return: 0; -EINVAL: the details of the refusal have the errors; -ENOMEM. */
static int config_load_checked(const struct engine *engine, const struct source_reading *reading,
			       struct config **ret_config)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(reading->path, engine->current, &diagnostics, &config);
	diagnostics_lines(&diagnostics, SIZE_MAX, &reading->refusal->details, reading->warnings);
	diagnostics_done(&diagnostics);
	if (err)
		return err;
	config_refuse_moves(engine->current->config, config, reading);
	if (reading->refusal->details.count) {
		config_free(config);
		return -EINVAL;
	}
	*ret_config = config;
	return 0;
}

static int config_source_read(struct engine *engine, struct source_reading *reading)
{
	struct config *config;
	int err;

	/* At the start, the daemon has already read it. */
	if (reading->next)
		return 0;
	err = config_load_checked(engine, reading, &config);
	if (err == -EINVAL)
		return refusal_set(reading->refusal, OUTCOME_CONFIGURATION,
				   "%s has errors: the old configuration stays in force",
				   reading->path);
	if (err)
		return err;
	reading->next = snapshot_new(config);
	if (reading->next)
		return 0;
	config_free(config);
	return -ENOMEM;
}

const struct entry_source config_source = {
	.read = config_source_read,
};
