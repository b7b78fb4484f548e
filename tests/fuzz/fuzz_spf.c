/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expands records of a zone that the input describes. The expansion ends, and its result can be
 * read as ipwld reads it.
 *
 * Each line of the input is a record: a letter (the name LETTER.test), its type (T, A, 6, M; F: the
 * name does not answer) and its data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spf/expand.h"

#define NAMES 26
#define TYPES 4
#define ITEMS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct zone {
	struct dns_answer answers[NAMES][TYPES];
	struct dns_item items[ITEMS_MAX];
	size_t item_count;
	bool fails[NAMES];
};

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static int type_index(enum dns_type type)
{
	return type == DNS_TXT ? 0 : type == DNS_A ? 1 : type == DNS_AAAA ? 2 : 3;
}

static int query(void *context, const char *name, enum dns_type type,
		 const struct dns_answer **ret_answer)
{
	static const struct dns_answer none = { .status = DNS_ANSWER_NO_DOMAIN };
	static const struct dns_answer failed = { .reason = "timeout" };
	const struct zone *zone = context;
	const bool is_known = name[0] >= 'a' && name[0] <= 'z' && !strcmp(name + 1, ".test");
	const int index = is_known ? name[0] - 'a' : 0;
	const struct dns_answer *answer = &zone->answers[index][type_index(type)];

	*ret_answer = !is_known				     ? &none
		      : answer->status == DNS_ANSWER_RECORDS ? answer
		      : zone->fails[index]		     ? &failed
							     : &none;
	return 0;
}

/* Items of an answer are next to each other, so a name's records of a type are in one run. */
static void add_item(struct zone *zone, int name, int type, const char *data, size_t bytes)
{
	struct dns_answer *answer = &zone->answers[name][type];
	struct dns_item *item = &zone->items[zone->item_count];

	if (zone->item_count == ITEMS_MAX ||
	    (answer->item_count && answer->items + answer->item_count != item))
		return;
	*item = (struct dns_item) { .text = malloc(bytes + 1) };
	require(item->text);
	memcpy(item->text, data, bytes);
	item->text[bytes] = '\0';
	item->text_bytes = strlen(item->text);
	if (type == 1 || type == 2) {
		const size_t most = type == 1 ? 4 : 16;

		item->address = (struct prefix) { .family = type == 1 ? FAMILY_IPV4 : FAMILY_IPV6,
						  .len = (uint8_t)(8 * most) };
		memcpy(item->address.addr, data, bytes < most ? bytes : most);
	} else if (type == 3) {
		char text[] = "a.test";

		text[0] = (char)('a' + (bytes ? (unsigned char)data[0] : 0) % NAMES);
		free(item->text);
		item->text = strdup(text);
		require(item->text);
		item->text_bytes = strlen(text);
	}
	if (!answer->item_count)
		answer->items = item;
	answer->status = DNS_ANSWER_RECORDS;
	answer->item_count++;
	zone->item_count++;
}

static void add_line(struct zone *zone, const char *line, size_t bytes)
{
	static const char types[] = "TA6M";
	const int name = bytes ? (unsigned char)line[0] % NAMES : 0;
	const char *type = bytes > 1 && line[1] ? strchr(types, line[1]) : NULL;

	if (bytes > 1 && line[1] == 'F')
		zone->fails[name] = true;
	else if (type)
		add_item(zone, name, (int)(type - types), line + 2, bytes - 2);
}

static void check_result(const struct dns_result *result)
{
	struct dns_result again;
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	require(stream && !dns_result_write(result, stream) && !fclose(stream));
	/* This also checks that no prefix lies in another. */
	require(!dns_result_read(text, bytes, &again));
	require(again.prefix_count == result->prefix_count);
	dns_result_done(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone zone;
	const struct spf_resolver resolver = { query, &zone };
	struct dns_request request = { .kind = DNS_SPF, .name = "a.test" };
	struct dns_result result;

	memset(&zone, 0, sizeof(zone));
	if (size) {
		request.shortest[FAMILY_IPV4] = data[0] % 33;
		request.shortest[FAMILY_IPV6] = data[0] % 129;
		request.skips_reserved = data[0] & 1;
	}
	for (size_t start = 1; start < size;) {
		const uint8_t *end = memchr(data + start, '\n', size - start);
		const size_t bytes = end ? (size_t)(end - data) - start : size - start;

		add_line(&zone, (const char *)data + start, bytes);
		start += bytes + 1;
	}
	require(!spf_expand(&request, &resolver, &result));
	check_result(&result);
	dns_result_done(&result);
	for (size_t i = 0; i < zone.item_count; i++)
		free(zone.items[i].text);
	return 0;
}
