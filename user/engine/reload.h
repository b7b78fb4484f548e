/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reload in steps: engine_prepare() reads the new policy, engine_hold() asks the guard, and
 * engine_commit() puts it in force or engine_abandon() discards it. In between, the caller may
 * compare it with the policy in force. */
#ifndef ENGINE_RELOAD_H
#define ENGINE_RELOAD_H

#include "engine/source.h"

/**
 * engine_prepare() - read a configuration and all other sources
 * @path: of the configuration; NULL: the daemon's own
 * @is_trial: it will not be put in force
 * @ret_next: for engine_commit() or engine_abandon()
 *
 * Return: 0; -ECANCELED: @refusal says what is wrong, and nothing is to be abandoned.
 */
int engine_prepare(struct engine *engine, const char *path, bool is_trial, struct lines *warnings,
		   struct snapshot **ret_next, struct refusal *refusal);
void engine_abandon(struct engine *engine, struct snapshot *next);

/**
 * engine_hold() - ask the guard whether the new policy may take effect automatically
 * @ret_held: the guard's reason, to be freed; NULL: not held
 *
 * Return: 0; -ECANCELED: it is held, and recorded, or that cannot be told.
 */
int engine_hold(struct engine *engine, const struct deed *by, const struct snapshot *next,
		struct lines *warnings, char **ret_held, struct refusal *refusal);

/* Put the new policy in force; takes over @next. Return: 0; -ECANCELED: nothing has changed. */
int engine_commit(struct engine *engine, const struct deed *by, struct snapshot *next,
		  struct lines *warnings, struct source_reports *ret_reports,
		  struct refusal *refusal);

#endif
