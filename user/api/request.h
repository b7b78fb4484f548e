/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the control socket that the worker serves. A command is a struct
 * api_command: read() what is asked in the main loop, run() it in the worker, which makes
 * the answer, too, finish() what the main loop has to know; then the answer is sent.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <event2/http.h>
#include <jansson.h>

#include "api/peer.h"
#include "base/outcome.h"
#include "engine/engine.h"
#include "runtime/runtime.h"

struct api_command;
struct exchange;

/* One request: the first member of a struct of the command's own. */
struct api_task {
	struct engine_task task;
	const struct api_command *command;
	struct exchange *exchange; /* who waits for the answer */

	/* Who asks, and why, as far as the command reads it; @by has the same for the engine
	 * once the worker has looked up the name. */
	struct peer peer;
	char *sudo_user;
	char *reason;
	char *author;
	struct deed by;

	/* What came of it. */
	struct refusal refusal;
	struct lines warnings;
	json_t *answer;
};

struct api_command {
	size_t task_bytes;
	/* Return: 0; -errno: an error was sent. NULL: there is nothing to read. */
	int (*read)(struct api_task *task, struct runtime *runtime, struct evhttp_request *request);
	/* Make task->answer, or task->refusal. NULL: the worker rests while it is finished. */
	void (*run)(struct api_task *task, struct engine *engine);
	void (*finish)(struct api_task *task, struct runtime *runtime); /* may be NULL */
	/* What the struct holds beside the task; may be NULL. */
	void (*free)(struct api_task *task);
};

/* Serve a request by the worker. */
void api_serve(const struct api_command *command, struct runtime *runtime,
	       struct evhttp_request *request);

/* Tell the client that nothing is in force while ipwl is detached. */
void api_warn_detached(struct api_task *task, const struct engine *engine);

#endif
