/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries by c-ares, which sends, repeats, and changes to TCP for long answers. The messages are
 * written and read here, because c-ares cannot ask for the mark AD.
 */
#include "resolve/resolver.h"

/* Newer versions prefer functions that the oldest one to build with does not have. */
#define CARES_NO_DEPRECATED 1
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "dns/message.h"

#define QUERY_TIMEOUT_MS 2000
#define QUERY_TRIES 3
/* One record of SPF leads to 200 names at most, and there are two families. */
#define ANSWERS_MAX 1024

struct known {
	struct resolver *resolver;
	char name[DNS_NAME_BYTES];
	enum dns_type type;
	bool wants_plain; /* ask again without EDNS */
	struct dns_answer answer;
};

struct resolver {
	ares_channel channel;
	bool is_initialised;
	bool needs_authenticated;
	bool is_local; /* all resolvers are on this host */
	int64_t deadline_ms;
	struct known *known[ANSWERS_MAX];
	size_t known_count;
	size_t waiting_count; /* questions without an answer yet */
	int err;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- open --------------------------------------------------------------------- */

static bool is_loopback(const struct ares_addr_port_node *server)
{
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	if (server->family == AF_INET)
		return ntohl(server->addr.addr4.s_addr) >> 24 == 127;
	return !memcmp(&server->addr.addr6, &loopback, sizeof(loopback));
}

static int find_servers(struct resolver *resolver, char message[DNS_MESSAGE_BYTES])
{
	struct ares_addr_port_node *servers = NULL;

	if (ares_get_servers_ports(resolver->channel, &servers) || !servers) {
		snprintf(message, DNS_MESSAGE_BYTES, "no resolver is configured");
		return -ENOENT;
	}
	resolver->is_local = true;
	for (const struct ares_addr_port_node *server = servers; server; server = server->next)
		resolver->is_local &= is_loopback(server);
	ares_free_data(servers);
	if (!resolver->needs_authenticated || resolver->is_local)
		return 0;
	snprintf(message, DNS_MESSAGE_BYTES,
		 "authenticated answers need a validating resolver on this host: each configured "
		 "resolver must have a loopback address");
	return -EINVAL;
}

static int open_channel(struct resolver *resolver, const struct dns_request *request,
			char message[DNS_MESSAGE_BYTES])
{
	/* Names are complete, and /etc/hosts says nothing about mail. */
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
					.timeout = QUERY_TIMEOUT_MS,
					.tries = QUERY_TRIES,
					.lookups = (char[]) { "b" } };
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	resolver->is_initialised = !status;
	if (!status)
		status = ares_init_options(&resolver->channel, &options,
					   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					       ARES_OPT_LOOKUPS);
	if (!status && *request->servers)
		status = ares_set_servers_ports_csv(resolver->channel, request->servers);
	if (!status)
		return find_servers(resolver, message);
	snprintf(message, DNS_MESSAGE_BYTES, "the resolvers cannot be used: %s",
		 ares_strerror(status));
	return -EINVAL;
}

int resolver_open(const struct dns_request *request, struct resolver **ret_resolver,
		  char message[DNS_MESSAGE_BYTES])
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int err;

	if (!resolver) {
		snprintf(message, DNS_MESSAGE_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	resolver->needs_authenticated = request->needs_authenticated;
	resolver->deadline_ms = now_ms() + (int64_t)request->timeout_sec * 1000;
	err = open_channel(resolver, request, message);
	if (err)
		resolver_close(resolver);
	else
		*ret_resolver = resolver;
	return err;
}

void resolver_close(struct resolver *resolver)
{
	if (!resolver)
		return;
	if (resolver->channel)
		ares_destroy(resolver->channel);
	if (resolver->is_initialised)
		ares_library_cleanup();
	for (size_t i = 0; i < resolver->known_count; i++) {
		dns_answer_done(&resolver->known[i]->answer);
		free(resolver->known[i]);
	}
	free(resolver);
}

/* ---- ask ---------------------------------------------------------------------- */

static const char *describe_status(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
		return "the resolver did not answer in time";
	case ARES_ECANCELLED:
		return "the time limit has passed";
	case ARES_ECONNREFUSED:
		return "no resolver can be reached";
	case ARES_ESERVFAIL:
		return "the resolver found no valid answer (SERVFAIL)";
	case ARES_EREFUSED:
		return "the resolver refuses to answer (REFUSED)";
	default:
		return ares_strerror(status);
	}
}

static void on_answer(void *context, int status, int timeouts, unsigned char *message, int bytes)
{
	struct known *asked = context;
	struct resolver *resolver = asked->resolver;
	struct dns_answer *answer = &asked->answer;
	int err;

	(void)timeouts;
	resolver->waiting_count--;
	if (!message || bytes <= 0) {
		answer->reason = describe_status(status);
		return;
	}
	if (dns_message_is_format_error(message, (size_t)bytes))
		asked->wants_plain = true;
	err = dns_message_read(message, (size_t)bytes, asked->name, asked->type, answer);
	if (err)
		resolver->err = err;
	if (err || answer->status == DNS_ANSWER_FAILED || !resolver->needs_authenticated ||
	    answer->is_authenticated)
		return;
	dns_answer_done(answer);
	answer->reason = "the resolver did not authenticate the answer (no AD)";
}

/* Wait until a socket is ready, c-ares has something to do, or the time limit has passed. */
static void wait_once(struct resolver *resolver)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	const int bits = ares_getsock(resolver->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	const int64_t left_ms = resolver->deadline_ms - now_ms();
	struct timeval most = { .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 };
	struct timeval next;
	nfds_t count = 0;

	if (left_ms <= 0) {
		ares_cancel(resolver->channel);
		return;
	}
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		const short events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
					     (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));

		if (events)
			fds[count++] = (struct pollfd) { .fd = sockets[i], .events = events };
	}
	most = *ares_timeout(resolver->channel, &most, &next);
	poll(fds, count, (int)(most.tv_sec * 1000 + most.tv_usec / 1000) + 1);
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].revents)
			ares_process_fd(resolver->channel,
					fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
					fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	/* What was not answered in time. */
	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void send_question(struct known *asked, bool has_edns)
{
	uint8_t query[DNS_QUERY_BYTES_MAX];
	uint16_t id = 0;
	size_t bytes;

	/* The resolver's answer must have it, so that others cannot forge one. */
	if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		asked->answer.reason = "there are no random numbers";
		return;
	}
	bytes = dns_message_query(asked->name, asked->type, id, has_edns, query);
	dns_answer_done(&asked->answer);
	asked->wants_plain = false;
	asked->resolver->waiting_count++;
	ares_send(asked->resolver->channel, query, (int)bytes, on_answer, asked);
}

/* Ask the questions from @first on, all at the same time. */
static void ask_from(struct resolver *resolver, size_t first)
{
	for (size_t i = first; i < resolver->known_count; i++)
		send_question(resolver->known[i], true);
	while (resolver->waiting_count)
		wait_once(resolver);
	for (size_t i = first; i < resolver->known_count; i++)
		if (resolver->known[i]->wants_plain)
			send_question(resolver->known[i], false);
	while (resolver->waiting_count)
		wait_once(resolver);
}

static struct known *find_known(const struct resolver *resolver, const char *name,
				enum dns_type type)
{
	for (size_t i = 0; i < resolver->known_count; i++)
		if (resolver->known[i]->type == type && !strcmp(resolver->known[i]->name, name))
			return resolver->known[i];
	return NULL;
}

/* Note a question that is yet to be asked. Return: 0, also if there are too many; -ENOMEM. */
static int add_known(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct known *known;

	if (resolver->known_count == ANSWERS_MAX || find_known(resolver, name, type))
		return 0;
	known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	known->resolver = resolver;
	snprintf(known->name, sizeof(known->name), "%s", name);
	known->type = type;
	resolver->known[resolver->known_count++] = known;
	return 0;
}

int resolver_query_all(struct resolver *resolver, char names[][DNS_NAME_BYTES], size_t count,
		       enum dns_type type)
{
	const size_t first = resolver->known_count;
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = add_known(resolver, names[i], type);
	ask_from(resolver, first);
	return err ? err : resolver->err;
}

int resolver_query(void *context, const char *name, enum dns_type type,
		   const struct dns_answer **ret_answer)
{
	static const struct dns_answer too_many = { .reason = "there are too many queries" };
	struct resolver *resolver = context;
	const size_t first = resolver->known_count;
	const struct known *known;

	if (add_known(resolver, name, type))
		return -ENOMEM;
	ask_from(resolver, first);
	known = find_known(resolver, name, type);
	*ret_answer = known ? &known->answer : &too_many;
	return resolver->err;
}

/* ---- about all answers ---------------------------------------------------------- */

uint32_t resolver_ttl_sec(const struct resolver *resolver)
{
	uint32_t ttl_sec = UINT32_MAX;

	for (size_t i = 0; i < resolver->known_count; i++) {
		const struct dns_answer *answer = &resolver->known[i]->answer;

		if (answer->status != DNS_ANSWER_FAILED && answer->ttl_sec < ttl_sec)
			ttl_sec = answer->ttl_sec;
	}
	return ttl_sec == UINT32_MAX ? 0 : ttl_sec;
}

bool resolver_is_authenticated(const struct resolver *resolver)
{
	if (!resolver->is_local || !resolver->known_count)
		return false;
	for (size_t i = 0; i < resolver->known_count; i++)
		if (!resolver->known[i]->answer.is_authenticated)
			return false;
	return true;
}
