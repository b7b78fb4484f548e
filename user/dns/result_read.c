/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the text of a result. It accepts only what result_write.c writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "dns/result.h"

struct reader {
	struct dns_result result;
	char *rest; /* of the text; NULL after its last line */
	char *line; /* the present one, without the words that were read */
};

static bool next_line(struct reader *reader)
{
	reader->line = strsep(&reader->rest, "\n");
	return reader->line;
}

/* The next word of the line, or NULL. */
static const char *next_word(struct reader *reader)
{
	const char *word = strsep(&reader->line, " ");

	return word && *word ? word : NULL;
}

static bool word_is(struct reader *reader, const char *expected)
{
	const char *word = next_word(reader);

	return word && !strcmp(word, expected);
}

static bool read_number(struct reader *reader, uint32_t max, uint32_t *ret_number)
{
	const char *word = next_word(reader);
	int64_t number;

	if (!word || !number_parse(word, 0, max, &number))
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* Find a word among @names. Return: its index, or -1. */
static int find_name(const char *word, const char *const names[], int count)
{
	for (int i = 0; word && i < count; i++)
		if (!strcmp(word, names[i]))
			return i;
	return -1;
}

/* Read the number of a term above @count, or "-". */
static bool read_term_number(struct reader *reader, uint32_t *ret_term)
{
	const size_t count = reader->result.term_count;

	if (reader->line && !strncmp(reader->line, "- ", 2)) {
		*ret_term = DNS_NO_TERM;
		return next_word(reader);
	}
	return count && read_number(reader, (uint32_t)count - 1, ret_term);
}

static bool read_boolean(struct reader *reader, const char *yes, const char *no, bool *ret_value)
{
	const char *const names[] = { no, yes };
	const int index = find_name(next_word(reader), names, 2);

	*ret_value = index == 1;
	return index >= 0;
}

static bool read_family(struct reader *reader, const char *key, struct dns_family *family)
{
	int status;

	if (!next_line(reader) || !word_is(reader, key))
		return false;
	status = find_name(next_word(reader), dns_status_names, DNS_STATUS_COUNT);
	if (status < 0 || !read_number(reader, UINT32_MAX, &family->lookups) ||
	    !read_number(reader, UINT32_MAX, &family->voids) ||
	    !read_boolean(reader, "incomplete", "complete", &family->is_incomplete))
		return false;
	family->status = (enum dns_status)status;
	if (!reader->line)
		return true;
	if (!*reader->line || strlen(reader->line) >= sizeof(family->message))
		return false;
	snprintf(family->message, sizeof(family->message), "%s", reader->line);
	utf8_sanitize(family->message, strlen(family->message));
	return true;
}

static bool read_head(struct reader *reader)
{
	struct dns_result *result = &reader->result;

	return next_line(reader) && word_is(reader, "dns") && word_is(reader, "1") &&
	       !reader->line && next_line(reader) && word_is(reader, "ttl_sec") &&
	       read_number(reader, UINT32_MAX, &result->ttl_sec) && !reader->line &&
	       next_line(reader) && word_is(reader, "authenticated") &&
	       read_boolean(reader, "yes", "no", &result->is_authenticated) && !reader->line &&
	       read_family(reader, "ipv4", &result->families[FAMILY_IPV4]) &&
	       read_family(reader, "ipv6", &result->families[FAMILY_IPV6]);
}

static int read_record(struct reader *reader)
{
	struct dns_result *result = &reader->result;
	uint32_t parent;

	if (!read_term_number(reader, &parent) || !reader->line || result->prefix_count ||
	    (parent == DNS_NO_TERM) != !result->record_count ||
	    (parent != DNS_NO_TERM && result->terms[parent].target_record != DNS_NO_TERM))
		return -EBADMSG;
	return dns_result_add_record(result, reader->line, parent);
}

static int read_term(struct reader *reader)
{
	struct dns_result *result = &reader->result;
	int outcomes[FAMILY_COUNT], err;
	struct dns_term *term;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		outcomes[family] =
		    find_name(next_word(reader), dns_outcome_names, DNS_OUTCOME_COUNT);
		if (outcomes[family] < 0)
			return -EBADMSG;
	}
	if (!reader->line || !*reader->line || !result->record_count || result->prefix_count)
		return -EBADMSG;
	err = dns_result_add_term(result, reader->line, strlen(reader->line));
	if (err)
		return err;
	term = &result->terms[result->term_count - 1];
	for (int family = 0; family < FAMILY_COUNT; family++)
		term->outcomes[family] = (enum dns_outcome)outcomes[family];
	return 0;
}

static int read_prefix(struct reader *reader)
{
	struct dns_result *result = &reader->result;
	const struct dns_prefix *last;
	struct prefix prefix;
	uint32_t term;

	if (!read_term_number(reader, &term) || !reader->line ||
	    prefix_parse(reader->line, strlen(reader->line), &prefix, NULL) != PREFIX_OK)
		return -EBADMSG;
	last = result->prefix_count ? &result->prefixes[result->prefix_count - 1] : NULL;
	if (last && (prefix_compare(&last->prefix, &prefix) >= 0 ||
		     prefix_contains(&last->prefix, &prefix)))
		return -EBADMSG;
	if (result->families[prefix.family].status == DNS_TEMPORARY)
		return -EBADMSG;
	return dns_result_add_prefix(result, &prefix, term);
}

static int read_body(struct reader *reader)
{
	static int (*const readers[])(struct reader *) = { read_record, read_term, read_prefix };
	static const char *const keys[] = { "record", "term", "prefix" };
	int err = 0;

	while (!err && next_line(reader)) {
		int index;

		if (!strcmp(reader->line, "end"))
			return reader->rest && !*reader->rest ? 0 : -EBADMSG;
		index = find_name(next_word(reader), keys, 3);
		err = index < 0 ? -EBADMSG : readers[index](reader);
	}
	return err ? err : -EBADMSG;
}

int dns_result_read(const char *text, size_t bytes, struct dns_result *ret_result)
{
	struct reader reader = { .rest = NULL };
	char *copy;
	int err;

	if (bytes > DNS_RESULT_TEXT_BYTES_MAX || memchr(text, '\0', bytes))
		return -EBADMSG;
	copy = malloc(bytes + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	reader.rest = copy;
	err = read_head(&reader) ? read_body(&reader) : -EBADMSG;
	free(copy);
	if (!err) {
		*ret_result = reader.result;
		return 0;
	}
	dns_result_done(&reader.result);
	return err == -ENOMEM ? err : -EBADMSG;
}
