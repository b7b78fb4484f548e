/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top`: what ipwl does now, on a screen of its own. Asks ipwld, and gives keys to the view. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/number.h"
#include "ctl/client.h"
#include "ctl/memory.h"
#include "ctl/verdict.h"
#include "screen/terminal.h"
#include "screen/view.h"

/* ipwld answers at once, or is asked again. */
#define TIMEOUT_SEC 3
#define INTERVAL_MAX_SEC 60
/* A flood is not followed attempt by attempt. */
#define ANSWERS_MAX 10
/* Attempts before the start that are shown. */
#define BEFORE_SEC 600

enum { TOP_INTERVAL };

struct top {
	struct client *client;
	struct top_model model;
	struct top_ui ui;
	double interval_sec;
	double ask_at_sec; /* of the clock that does not step */
	bool has_begun;
};

/* ---- ask --------------------------------------------------------------------------- */

static enum ctl_exit ask(struct top *top, const char *path, const struct parameter *query,
			 json_t **ret_answer)
{
	const struct request request = {
		.method = "GET", .path = path, .query = query, .timeout_sec = TIMEOUT_SEC
	};

	return client_request(top->client, &request, ret_answer);
}

/* The sources of the last minutes. They may not be stored. */
static void ask_blocked(struct top *top)
{
	char since[24];
	const struct parameter query[] = { { "since", since }, { NULL, NULL } };
	json_t *answer = NULL;

	snprintf(since, sizeof(since), "%lld", (long long)time(NULL) - BEFORE_SEC);
	if (!ask(top, "/v1/blocked", query, &answer))
		top_take_blocked(&top->model, answer);
	json_decref(answer);
}

static enum ctl_exit ask_attempts(struct top *top)
{
	enum ctl_exit code = CTL_DONE;
	bool has_more = true;

	for (int i = 0; !code && has_more && i < ANSWERS_MAX; i++) {
		char after[24];
		const struct parameter query[] = { { "after", top->model.next < 0 ? NULL : after },
						   { NULL, NULL } };
		json_t *answer = NULL;

		snprintf(after, sizeof(after), "%lld", (long long)top->model.next);
		code = ask(top, "/v1/monitor", query, &answer);
		if (!code)
			has_more = top_take_attempts(&top->model, answer);
		json_decref(answer);
	}
	return code;
}

/* Ask for all that is shown. */
static void look(struct top *top)
{
	json_t *status = NULL;
	enum ctl_exit code = ask(top, "/v1/status", NULL, &status);

	if (!code) {
		top_take_status(&top->model, status, time_monotonic_sec());
		if (!top->has_begun)
			ask_blocked(top);
		top->has_begun = true;
		code = ask_attempts(top);
	}
	if (code)
		top_lose(&top->model, client_message(top->client));
	json_decref(status);
}

/* ---- deeds ------------------------------------------------------------------------- */

static char *owned_message(const struct top *top)
{
	return ctl_allocated(strdup(client_message(top->client)));
}

/* What `test' says in its first line. */
static char *describe(const json_t *result)
{
	char *text = NULL;
	size_t size;
	FILE *stream = ctl_allocated(open_memstream(&text, &size));
	struct writer writer;

	writer_begin(&writer, stream, false);
	verdict_write(&writer, result);
	writer_end(&writer);
	return ctl_allocated(fclose(stream) ? NULL : text);
}

static void test_address(struct top *top)
{
	json_t *body =
	    ctl_allocated(json_pack("{s:[o]}", "addresses", writer_string(top->ui.address)));
	const struct request request = {
		.method = "POST", .path = "/v1/test", .body = body, .timeout_sec = TIMEOUT_SEC
	};
	json_t *answer = NULL;
	const json_t *result;

	if (client_request(top->client, &request, &answer)) {
		top_show_message(&top->ui, owned_message(top));
	} else {
		result = json_array_get(json_object_get(answer, "results"), 0);
		top_show_message(&top->ui, describe(result));
	}
	json_decref(answer);
	json_decref(body);
}

static void add_address(struct top *top)
{
	json_t *body = ctl_allocated(json_pack("{s:s,s:s,s:s,s:o}", "list", top->ui.input, "prefix",
					       top->ui.address, "reason", "ipwlctl top",
					       "sudo_user", writer_string(client_sudo_user())));
	const struct request request = { .method = "POST",
					 .path = "/v1/entries",
					 .body = body,
					 .timeout_sec = CLIENT_TIMEOUT_SEC };
	json_t *answer = NULL;
	char *text = NULL;

	if (client_request(top->client, &request, &answer))
		text = owned_message(top);
	else if (asprintf(&text, "%s is now in list %s", top->ui.address, top->ui.input) < 0)
		text = ctl_allocated(NULL);
	top_show_message(&top->ui, text);
	json_decref(answer);
	json_decref(body);
}

/* ---- the loop ------------------------------------------------------------------------ */

static void draw(const struct top *top)
{
	struct top_screen screen;
	size_t width, height;

	terminal_size(&width, &height);
	top_draw(&top->model, &top->ui, width, height, time(NULL), &screen);
	terminal_show(&screen);
	top_screen_done(&screen);
}

static void look_if_due(struct top *top)
{
	const double now_sec = time_monotonic_sec();

	if (now_sec < top->ask_at_sec)
		return;
	top->ask_at_sec = now_sec + top->interval_sec;
	if (!top->ui.is_paused)
		look(top);
}

/* Return: whether to go on. */
static bool take_key(struct top *top, unsigned int key)
{
	switch (top_take_key(&top->ui, &top->model, time(NULL), key)) {
	case TOP_DO_QUIT:
		return false;
	case TOP_DO_TEST:
		test_address(top);
		break;
	case TOP_DO_ADD:
		add_address(top);
		break;
	default:
		break;
	}
	return true;
}

static void watch(struct top *top)
{
	bool goes_on = true;

	draw(top);
	while (goes_on) {
		unsigned int key;

		look_if_due(top);
		draw(top);
		switch (terminal_wait(top->ask_at_sec - time_monotonic_sec(), &key)) {
		case TERMINAL_KEY:
			goes_on = take_key(top, key);
			break;
		case TERMINAL_ENDED:
			goes_on = false;
			break;
		default:
			break;
		}
	}
}

static enum ctl_exit run_top(const struct arguments *arguments)
{
	const char *interval = arguments->options[TOP_INTERVAL];
	struct top top = { 0 };
	int64_t interval_sec = 1;
	const char *error;

	if (arguments->global[GLOBAL_JSON])
		return ctl_usage_error("top", "it has no JSON: use status, blocked or monitor");
	if (interval && !number_parse(interval, 1, INTERVAL_MAX_SEC, &interval_sec)) {
		ctl_error("--interval %s: write a number from 1 to %d", interval, INTERVAL_MAX_SEC);
		return CTL_INVALID;
	}
	error = terminal_open();
	if (error)
		return ctl_usage_error("top", "%s", error);
	top.interval_sec = (double)interval_sec;
	top.client = client_new(arguments);
	client_keep_messages(top.client);
	if (top_model_init(&top.model))
		ctl_allocated(NULL);
	watch(&top);
	terminal_close();
	top_model_done(&top.model);
	top_ui_done(&top.ui);
	client_free(top.client);
	return CTL_DONE;
}

const struct command command_top = {
	.name = "top",
	.positional = "",
	.summary = "show rates, sources, lists and interfaces on a screen of its own",
	.description =
	    "Keys: 1 to 5 choose a page, s the order, / a filter, p pauses. Enter tests the\n"
	    "selected source, t another address, a adds the source to a list after a\n"
	    "question, q quits. It goes on while ipwld restarts.",
	.options = { [TOP_INTERVAL] = { "interval", "SECONDS", "ask ipwld so often, 1 to 60 (1)",
					0 } },
	.run = run_top,
};
