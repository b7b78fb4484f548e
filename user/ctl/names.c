/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for names by c-ares, some at a time, until an overall deadline. */
#include "ctl/names.h"

/* Newer versions prefer functions that the oldest one to build with does not have. */
#define CARES_NO_DEPRECATED 1
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "ctl/writer.h"

#define TOTAL_MS 5000
#define QUERY_TIMEOUT_MS 1500
#define QUERY_TRIES 2
/* Questions that are open at the same time. */
#define OPEN_MAX 64

struct names {
	ares_channel channel;
	json_t *array;
	const char *key;
	size_t next; /* to be asked */
	size_t open_count;
	int64_t deadline_ms;
};

struct question {
	struct names *names;
	json_t *object;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- questions ----------------------------------------------------------------- */

/* c-ares gives the type. NOLINTNEXTLINE(readability-non-const-parameter) */
static void on_name(void *context, int status, int timeouts, char *node, char *service)
{
	struct question *question = context;

	(void)timeouts;
	(void)service;
	question->names->open_count--;
	if (status == ARES_SUCCESS && node)
		json_object_set_new(question->object, "name", writer_string(node));
	free(question);
}

static bool address_read(const char *text, struct sockaddr_storage *ret_address,
			 ares_socklen_t *ret_bytes)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret_address;

	*ret_address = (struct sockaddr_storage) { 0 };
	if (text && inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		*ret_bytes = sizeof(*ipv4);
		return true;
	}
	if (text && inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		*ret_bytes = sizeof(*ipv6);
		return true;
	}
	return false;
}

/* c-ares may answer before this returns. */
static void ask_next(struct names *names)
{
	json_t *object = json_array_get(names->array, names->next++);
	struct question *question;
	struct sockaddr_storage address;
	ares_socklen_t bytes;

	if (json_is_string(json_object_get(object, "name")) ||
	    !address_read(json_string_value(json_object_get(object, names->key)), &address, &bytes))
		return;
	question = calloc(1, sizeof(*question));
	if (!question)
		return;
	*question = (struct question) { .names = names, .object = object };
	names->open_count++;
	ares_getnameinfo(names->channel, (const struct sockaddr *)&address, bytes,
			 ARES_NI_LOOKUPHOST | ARES_NI_NAMEREQD, on_name, question);
}

static void wait_for_answers(struct names *names, int64_t left_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	const int bits = ares_getsock(names->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct pollfd files[ARES_GETSOCK_MAXNUM];
	struct timeval longest = { .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 };
	struct timeval wait = longest;
	nfds_t count = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = 0;

		if (ARES_GETSOCK_READABLE(bits, i))
			events |= POLLIN;
		if (ARES_GETSOCK_WRITABLE(bits, i))
			events |= POLLOUT;
		if (events)
			files[count++] = (struct pollfd) { .fd = sockets[i], .events = events };
	}
	ares_timeout(names->channel, &longest, &wait);
	if (poll(files, count, (int)(wait.tv_sec * 1000 + wait.tv_usec / 1000 + 1)) <= 0)
		ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	for (nfds_t i = 0; i < count; i++)
		if (files[i].revents)
			ares_process_fd(names->channel,
					files[i].revents & POLLOUT ? ARES_SOCKET_BAD : files[i].fd,
					files[i].revents & POLLOUT ? files[i].fd : ARES_SOCKET_BAD);
}

static void ask_all(struct names *names)
{
	int64_t left_ms;

	while ((left_ms = names->deadline_ms - now_ms()) > 0) {
		while (names->open_count < OPEN_MAX && names->next < json_array_size(names->array))
			ask_next(names);
		if (!names->open_count)
			return;
		wait_for_answers(names, left_ms);
	}
}

/* ---- the channel ----------------------------------------------------------------- */

static enum ctl_exit open_channel(struct names *names, const char *servers)
{
	struct ares_options options = { .timeout = QUERY_TIMEOUT_MS,
					.tries = QUERY_TRIES,
					.lookups = (char[]) { "b" } };
	int status = ares_init_options(&names->channel, &options,
				       ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);

	if (status) {
		ctl_error("names cannot be resolved: %s", ares_strerror(status));
		return CTL_NEGATIVE;
	}
	if (!servers || !ares_set_servers_ports_csv(names->channel, servers))
		return CTL_DONE;
	ctl_error("--servers %s: not a list of addresses", servers);
	ares_destroy(names->channel);
	return CTL_INVALID;
}

enum ctl_exit names_add(json_t *array, const char *key, const char *servers)
{
	struct names names = { .array = array, .key = key, .deadline_ms = now_ms() + TOTAL_MS };
	enum ctl_exit code;
	json_t *object;
	size_t i;

	if (ares_library_init(ARES_LIB_INIT_ALL)) {
		ctl_error("names cannot be resolved");
		return CTL_NEGATIVE;
	}
	json_array_foreach(array, i, object) json_object_set_new(object, "name", json_null());
	code = open_channel(&names, servers);
	if (!code) {
		ask_all(&names);
		/* This ends the open questions. */
		ares_destroy(names.channel);
	}
	ares_library_cleanup();
	return code;
}
