/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: turns the configuration and manual entries into the policy in force. It is the
 * only writer of the state, the rule ids and the kernel's tables. Used by one thread at a
 * time: by the
 * main thread until the worker starts, by the worker from then on.
 *
 * It does one thing at a time. Each has its own header: entries.h, protect.h, import.h,
 * undo.h, reload.h, feeds.h, expiry.h, sample.h. What cannot be done results in a refusal,
 * which the caller turns into an answer.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/lines.h"
#include "base/outcome.h"
#include "config/snapshot.h"
#include "datapath/datapath.h"
#include "engine/view.h"

struct engine;
struct hits;
struct state;

/* Who asks for a change, and why. */
struct deed {
	const char *author; /* NULL: no user asked for it */
	bool is_sudo;	    /* the author is root's word */
	const char *reason; /* or NULL */
};

/**
 * engine_start() - open state and kernel maps, and put a configuration in force
 * @config_path: to be read again at each reload; must outlive the engine
 * @first: of the configuration there; a reference is taken
 * @warnings: what an administrator should know
 *
 * On failure, the decisions for packets do not change. Return: 0 or -errno.
 */
int engine_start(const char *config_path, struct snapshot *first, struct lines *warnings,
		 struct engine **ret_engine, char error[DATAPATH_ERROR_BYTES]);
/* NULL is fine. */
void engine_stop(struct engine *engine);

/* Remove everything from the machine. No other thread may use the engine meanwhile. Return: 0
 * or -errno. */
int engine_detach(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);
/* Whether nothing is pinned, until a reload. */
bool engine_is_detached(const struct engine *engine);

/* What is in force; the engine's reference. */
struct snapshot *engine_snapshot(const struct engine *engine);
const char *engine_config_path(const struct engine *engine);

/* For any thread, as long as the engine lives. */
struct entry_view engine_view(const struct engine *engine);
struct datapath *engine_datapath(const struct engine *engine);

/* For the engine's thread: what is wrong with the state now, or NULL. */
const char *engine_state_error(const struct engine *engine);
/* And to read what is remembered. */
struct state *engine_state(const struct engine *engine);
struct hits *engine_hits(const struct engine *engine);

#endif
