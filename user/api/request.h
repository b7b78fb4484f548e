/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the control socket that the worker serves. A command is a struct api_command. Its
 * read() reads the request in the main loop. Its run() executes it in the worker and makes the
 * answer. Its finish() updates the main loop. Then the answer is sent.
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

/* A request. Each command has a struct of its own that begins with this one. */
struct api_task {
	struct engine_task task;
	const struct api_command *command;
	struct exchange *exchange; /* waits for the answer */

	/* Who asks and why, if the command reads this. @by holds the same for the engine, after
	 * the worker has looked up the name. */
	struct peer peer;
	char *sudo_user;
	char *reason;
	char *author;
	struct deed by;

	/* The result. */
	struct refusal refusal;
	struct lines warnings;
	json_t *answer;
	char *raw; /* instead of it, bytes that are sent as they are; or NULL */
	size_t raw_bytes;
};

struct api_command {
	size_t task_bytes;
	/* Read the request. Return: 0; -errno: an error was sent. NULL: there is nothing to
	 * read. */
	int (*read)(struct api_task *task, struct runtime *runtime, struct evhttp_request *request);
	/* Make task->answer, task->raw or task->refusal; or set is_unfinished, to be called again
	 * after other tasks. NULL: the worker only waits while finish() runs. */
	void (*run)(struct api_task *task, struct engine *engine);
	void (*finish)(struct api_task *task, struct runtime *runtime); /* may be NULL */
	/* Free the members after the task; may be NULL. */
	void (*free)(struct api_task *task);
};

/* Let the worker serve a request. */
void api_serve(const struct api_command *command, struct runtime *runtime,
	       struct evhttp_request *request);

/* Tell the client that nothing is in force while ipwl is detached. */
void api_warn_detached(struct api_task *task, const struct engine *engine);

#endif
