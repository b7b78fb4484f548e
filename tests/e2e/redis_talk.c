/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of a Redis or Valkey server that a test leads.
 *
 * redis_talk URL [USER PASSWORD_OR_EMPTY [CA [ANSWER_MS]]] says on standard output what happens, a
 * line each: "ready PLACE", "lost WHY", "reply NUMBER TYPE TEXT", "unanswered NUMBER",
 * "refused NUMBER ERROR". A line of standard input is a command: words with one blank between them,
 * and first for how many ms it may block. Commands have numbers from 0. Its end closes the client.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redis/client.h"

#define WORDS_MAX 64

static struct event_base *base;
static struct redis_client *client;
static uintptr_t command_count;

static const char *const type_names[] = {
	[REDIS_NIL] = "nil",	 [REDIS_STRING] = "string",   [REDIS_STATUS] = "status",
	[REDIS_ERROR] = "error", [REDIS_INTEGER] = "integer", [REDIS_ARRAY] = "array",
};

static void print_value(const struct redis_reply *reply)
{
	if (reply->type == REDIS_ARRAY) {
		printf("[");
		/* As deep as hiredis nests. NOLINTNEXTLINE(misc-no-recursion) */
		for (size_t i = 0; i < reply->element_count; i++) {
			printf(i ? " " : "");
			print_value(&reply->elements[i]);
		}
		printf("]");
	} else if (reply->type == REDIS_INTEGER) {
		printf("%lld", (long long)reply->integer);
	} else {
		printf("%s", reply->text ? reply->text : "");
	}
}

static void done(struct redis_client *self, const struct redis_reply *reply, void *argument)
{
	(void)self;
	if (!reply) {
		printf("unanswered %ju\n", (uintmax_t)(uintptr_t)argument);
		return;
	}
	printf("reply %ju %s ", (uintmax_t)(uintptr_t)argument, type_names[reply->type]);
	print_value(reply);
	printf("\n");
}

static void ready(struct redis_client *self, void *context)
{
	(void)context;
	printf("ready %s\n", redis_client_place(self));
}

static void lost(struct redis_client *self, const char *why, void *context)
{
	(void)self;
	(void)context;
	printf("lost %s\n", why);
}

static void send_line(char *line)
{
	const uintptr_t number = command_count++;
	const char *words[WORDS_MAX];
	unsigned int block_ms;
	size_t count = 0;
	int err;

	block_ms = (unsigned int)strtoul(line, &line, 10);
	while (*line && count < WORDS_MAX) {
		*line++ = '\0';
		words[count++] = line;
		line += strcspn(line, " ");
	}
	err = redis_client_command(client, count, words, NULL, block_ms, done,
				   (void *)number); /* NOLINT(performance-no-int-to-ptr) */
	if (err)
		printf("refused %ju %s\n", (uintmax_t)number, strerror(-err));
}

static void read_lines(struct bufferevent *input, void *context)
{
	char *line;

	(void)context;
	while ((line = evbuffer_readln(bufferevent_get_input(input), NULL, EVBUFFER_EOL_LF))) {
		send_line(line);
		free(line);
	}
}

static void input_event(struct bufferevent *input, short what, void *context)
{
	(void)input;
	(void)what;
	(void)context;
	redis_client_close(client);
	printf("closed\n");
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	const struct redis_events events = { .ready = ready, .lost = lost };
	struct redis_settings settings = { .url = argc > 1 ? argv[1] : "" };
	const char *problem = "out of memory";
	struct bufferevent *input;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3) {
		settings.user = *argv[2] ? argv[2] : NULL;
		settings.password = *argv[3] ? argv[3] : NULL;
	}
	if (argc > 4)
		settings.ca = *argv[4] ? argv[4] : NULL;
	if (argc > 5)
		settings.answer_ms = (unsigned int)strtoul(argv[5], NULL, 10);
	base = event_base_new();
	if (!base || redis_client_new(base, &settings, &events, &client, &problem)) {
		fprintf(stderr, "redis_talk: URL %s\n", problem);
		return 2;
	}
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	input = bufferevent_socket_new(base, STDIN_FILENO, 0);
	if (!input)
		return 2;
	bufferevent_setcb(input, read_lines, NULL, input_event, NULL);
	bufferevent_enable(input, EV_READ);
	event_base_dispatch(base);
	bufferevent_free(input);
	event_base_free(base);
	return 0;
}
