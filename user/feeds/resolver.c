/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ipwl-resolve is asked, and what its answer means for the last good copy: an error of DNS
 * or in a record changes nothing. That a domain has nothing any more is for the worker to
 * believe.
 */
#include "feeds/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns/request.h"
#include "domains/answer.h"
#include "resolve/protocol.h"

/* ---- request ------------------------------------------------------------------ */

static int resolver_write_request(int fd, const struct feed_request *request,
				  char message[FEED_MESSAGE_BYTES])
{
	const struct resolver_settings *settings = &request->config->resolver;
	const struct feed_guards *guards = &request->feed->guards;
	struct dns_request dns = {
		.timeout_sec = settings->timeout_sec,
		.needs_authenticated = settings->requires_ad,
		.shortest = { (uint8_t)guards->min_len[FAMILY_IPV4],
			      (uint8_t)guards->min_len[FAMILY_IPV6] },
		.skips_reserved = guards->spaces[FEED_SPACE_RESERVED] == SPACE_CUT,
	};
	struct domain_term term;
	int err = domain_term_parse(request->feed->url, &term) ? 0 : -EINVAL;

	if (!err) {
		dns.kind = term.is_spf ? DNS_SPF : DNS_HOST;
		snprintf(dns.name, sizeof(dns.name), "%s", term.name);
		if (settings->servers)
			snprintf(dns.servers, sizeof(dns.servers), "%s", settings->servers);
		err = dns_request_write(fd, &dns);
	}
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "cannot create the request: %s",
			 strerror(-err));
	return err;
}

/* ---- result ------------------------------------------------------------------- */

/* Read the text that the program wrote. It has ended, but its word on sizes is not taken. */
static int read_result_text(int fd, char **ret_text, size_t *ret_bytes)
{
	struct stat status;
	size_t used = 0;
	char *text;

	if (fstat(fd, &status))
		return -errno;
	if (status.st_size <= 0 || status.st_size > (off_t)DNS_RESULT_TEXT_BYTES_MAX)
		return -EBADMSG;
	text = malloc((size_t)status.st_size);
	if (!text)
		return -ENOMEM;
	while (used < (size_t)status.st_size) {
		ssize_t count = pread(fd, text + used, (size_t)status.st_size - used, (off_t)used);

		if (count <= 0) {
			free(text);
			return -EBADMSG;
		}
		used += (size_t)count;
	}
	*ret_text = text;
	*ret_bytes = used;
	return 0;
}

/* Write the text that is kept into the body. Return: 0 or -errno. */
static int write_body(int fd, const struct dns_result *result)
{
	const int copy = dup(fd);
	FILE *stream = copy >= 0 ? fdopen(copy, "w") : NULL;
	int err;

	if (!stream) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	err = domain_answer_write(result, stream);
	if (fclose(stream) && !err)
		err = -errno;
	return err;
}

/* The message of the family that has one. */
static const char *message_of(const struct dns_result *result, enum dns_status status)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (result->families[family].status == status && *result->families[family].message)
			return result->families[family].message;
	return dns_status_names[status];
}

static void judge_status(const struct dns_result *result, struct fetched *fetched)
{
	const enum dns_status status = dns_result_status(result);
	const char *words = NULL;

	switch (status) {
	case DNS_OK:
		fetched->result = FETCH_IS_NEW;
		break;
	case DNS_PERMANENT:
		/* A checker accepts what comes before the error. */
		fetched->result = result->prefix_count ? FETCH_IS_NEW : FETCH_HAS_FAILED;
		words = message_of(result, status);
		break;
	case DNS_NO_DOMAIN:
		fetched->result = FETCH_IS_GONE;
		words = "the domain does not exist";
		break;
	case DNS_NO_RECORD:
		fetched->result = FETCH_IS_GONE;
		words = "the domain has no such record";
		break;
	default:
		words = message_of(result, status);
	}
	if (words)
		snprintf(fetched->message, sizeof(fetched->message), "%s", words);
}

static void resolver_read_result(const int fds[FEED_FILE_COUNT], struct fetched *fetched)
{
	struct dns_result result = { .ttl_sec = 0 };
	size_t bytes = 0;
	char *text = NULL;
	int err = read_result_text(fds[FEED_FILE_RESULT], &text, &bytes);

	if (!err)
		err = dns_result_read(text, bytes, &result);
	free(text);
	if (!err) {
		judge_status(&result, fetched);
		if (fetched->result != FETCH_HAS_FAILED) {
			fetched->retry_after_sec = result.ttl_sec;
			err = write_body(fds[FEED_FILE_BODY], &result);
		}
		dns_result_done(&result);
	}
	if (!err)
		return;
	fetched->result = FETCH_HAS_FAILED;
	snprintf(fetched->message, sizeof(fetched->message), "cannot read the answer of %s: %s",
		 RESOLVE_PROGRAM, err == -EBADMSG ? "it is cut off or damaged" : strerror(-err));
}

const struct feed_fetcher resolver_fetcher = {
	.helper = { .program = RESOLVE_PROGRAM,
		    .unit = RESOLVE_UNIT,
		    .socket_variable = RESOLVE_SOCKET_VARIABLE },
	.grace_sec = RESOLVE_GRACE_SEC,
	.numbers = { [FEED_FILE_REQUEST] = RESOLVE_REQUEST_FD,
		     [FEED_FILE_RESULT] = RESOLVE_RESULT_FD,
		     [FEED_FILE_BODY] = -1 },
	.read_result = resolver_read_result,
	.write_request = resolver_write_request,
};
