/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the exports of a snapshot, and texts on request. Runs in threads and uses only its
 * job. */
#include "exports/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/lines.h"
#include "base/log.h"
#include "base/plural.h"
#include "exports/basis.h"
#include "exports/command.h"
#include "exports/file.h"
#include "exports/wish.h"

#define NICENESS 10

void export_state_fail(struct export_state *state, const char *error)
{
	free(state->error);
	state->error = error ? strdup(error) : NULL;
	state->is_successful = !error;
}

/* Write one file of an export. */
static int write_file(const struct policy *policy, const struct config_export *config, size_t index,
		      struct export_state *state, char error[EXPORT_ERROR_BYTES])
{
	struct export export = { .format = config->format,
				 .is_aggregated = config->is_aggregated,
				 .action = config->action };
	size_t bytes, count;
	char path[PATH_MAX];
	bool has_changed;
	char *text;
	int err;

	if (export_has_two_texts(config->format))
		export.families = index ? EXPORT_IPV6 : EXPORT_IPV4;
	config_export_file(config, index, path);
	err =
	    export_text(policy, &export, config->lists, config->list_count, &text, &bytes, &count);
	if (err) {
		snprintf(error, EXPORT_ERROR_BYTES, "%s: %s", path, strerror(-err));
		return err;
	}
	err = export_file_write(path, text, bytes, &has_changed, error);
	free(text);
	if (err)
		return err;
	state->prefix_count += count;
	if (has_changed) {
		log_info("export", "%s: wrote %zu %s", path, count,
			 plural(count, "prefix", "prefixes"));
		state->changed_at_sec = time_now_sec();
		state->is_after_due = config->after || config->service;
	}
	return 0;
}

/* Notify the program that reads the file. The configuration may have changed since this became
 * due. */
static int run_after(const struct snapshot *snapshot, const struct config_export *config,
		     const bool *is_stopping, char error[EXPORT_ERROR_BYTES])
{
	if (config->service)
		return wish_make(snapshot->config->runtime_dir, config->service, error);
	return config->after ? command_run(config->after, is_stopping, error) : 0;
}

static void write_export(const struct snapshot *snapshot, const struct config_export *config,
			 const bool *is_stopping, struct export_state *state)
{
	char error[EXPORT_ERROR_BYTES];
	const struct policy *policy = snapshot->policy;
	int err = 0;

	_Static_assert(EXPORT_ERROR_BYTES >= COMMAND_ERROR_BYTES, "both fit");
	if (snapshot->suspension) {
		export_state_fail(state, "held back while enforcement is suspended, because an "
					 "entry may be missing");
		return;
	}
	/* Most changes are of other lists: neither text nor file needs to be looked at. */
	if (state->is_successful && !state->is_after_due &&
	    export_basis_is_same(state->basis, policy, config)) {
		state->succeeded_at_sec = time_now_sec();
		return;
	}
	export_basis_free(state->basis);
	state->basis = NULL;
	state->has_run = true;
	state->prefix_count = 0;
	for (size_t i = 0; i < config_export_file_count(config) && !err; i++)
		err = write_file(policy, config, i, state, error);
	if (!err)
		state->basis = export_basis_new(policy, config);
	if (!err && state->is_after_due) {
		err = run_after(snapshot, config, is_stopping, error);
		state->is_after_due = err != 0;
	}
	if (!err)
		state->succeeded_at_sec = time_now_sec();
	export_state_fail(state, err ? error : NULL);
}

/* This affects only this thread: it lets other threads go first. */
static void export_step_back(void)
{
	setpriority(PRIO_PROCESS, 0, NICENESS);
}

void export_run_files(struct task *task, void *context)
{
	struct export_run *run = (struct export_run *)task;

	(void)context;
	export_step_back();
	for (size_t i = 0; i < run->count; i++) {
		if (__atomic_load_n(run->is_stopping, __ATOMIC_RELAXED))
			return;
		write_export(run->snapshot, &run->snapshot->config->exports[i], run->is_stopping,
			     &run->states[i]);
	}
}

int export_run_query(const struct policy *policy, struct export_query *query)
{
	size_t count;

	export_step_back();
	return export_text(policy, &query->export, query->names, query->name_count, &query->text,
			   &query->bytes, &count);
}

void export_query_done(struct export_query *query)
{
	for (size_t i = 0; i < query->name_count; i++)
		free(query->names[i]);
	free(query->names);
	free(query->text);
}
