/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expands SPF records of zones that are given as text, for the tests in Python.
 *
 * Each line of standard input is one of:
 *   zone                    forget all records
 *   record NAME TYPE DATA   TYPE is A, AAAA, MX (a name, "." is the root) or TXT (hexadecimal)
 *   exists NAME             a name that has no records
 *   fails NAME              queries for types of which the name has no record fail
 *   expand NAME IPV4 IPV6   the shortest prefixes; the answer is the text of the result
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "spf/expand.h"

#define LINE_BYTES 200000
#define NAMES_MAX 4096

struct name {
	char name[DNS_NAME_BYTES];
	bool fails;
	struct dns_answer answers[4];
};

static struct name names[NAMES_MAX];
static size_t name_count;

static const struct {
	const char *word;
	enum dns_type type;
} types[] = { { "A", DNS_A }, { "AAAA", DNS_AAAA }, { "MX", DNS_MX }, { "TXT", DNS_TXT } };

static _Noreturn void die(const char *message)
{
	fprintf(stderr, "expand_zone: %s\n", message);
	exit(EXIT_FAILURE);
}

static struct name *find_name(const char *text)
{
	for (size_t i = 0; i < name_count; i++)
		if (!strcmp(names[i].name, text))
			return &names[i];
	return NULL;
}

static struct name *add_name(const char *text)
{
	struct name *name = text ? find_name(text) : NULL;

	if (name)
		return name;
	if (!text || name_count == NAMES_MAX)
		die("no name, or too many names");
	name = &names[name_count++];
	*name = (struct name) { .fails = false };
	snprintf(name->name, sizeof(name->name), "%s", text);
	return name;
}

static void forget_all(void)
{
	for (size_t i = 0; i < name_count; i++)
		for (size_t j = 0; j < 4; j++)
			dns_answer_done(&names[i].answers[j]);
	name_count = 0;
}

static void take_hex(struct dns_item *item, const char *hex)
{
	item->text_bytes = strlen(hex) / 2;
	item->text = calloc(1, item->text_bytes + 1);
	if (!item->text)
		die("out of memory");
	for (size_t i = 0; i < item->text_bytes; i++) {
		const char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };
		int64_t byte;

		if (!number_parse_hex(digits, 0, 255, &byte))
			die("not hexadecimal");
		item->text[i] = (char)byte;
	}
}

static void add_record(const char *owner, const char *type, const char *data)
{
	struct name *name = add_name(owner);
	struct dns_answer *answer = NULL;
	struct dns_item item = { .text = NULL };
	size_t column;

	for (size_t i = 0; type && i < 4; i++)
		if (!strcmp(types[i].word, type))
			answer = &name->answers[i];
	if (!answer || !data)
		die("no such type, or no data");
	if (!strcmp(type, "TXT"))
		take_hex(&item, data);
	else if (!strcmp(type, "MX"))
		item.text = strdup(strcmp(data, ".") ? data : "");
	else if (prefix_parse_raw(data, strlen(data), &item.address, &column) != PREFIX_OK)
		die("no address");
	answer->items = reallocarray(answer->items, answer->item_count + 1, sizeof(*answer->items));
	if (!answer->items)
		die("out of memory");
	answer->items[answer->item_count++] = item;
	answer->status = DNS_ANSWER_RECORDS;
}

static int query(void *context, const char *text, enum dns_type type,
		 const struct dns_answer **ret_answer)
{
	static const struct dns_answer none = { .status = DNS_ANSWER_NO_DOMAIN };
	static const struct dns_answer empty = { .status = DNS_ANSWER_EMPTY };
	static const struct dns_answer failed = { .status = DNS_ANSWER_FAILED,
						  .reason = "timeout" };
	const struct name *name = find_name(text);

	(void)context;
	*ret_answer = !name ? &none : name->fails ? &failed : &empty;
	for (size_t i = 0; name && i < 4; i++)
		if (types[i].type == type && name->answers[i].item_count)
			*ret_answer = &name->answers[i];
	return 0;
}

static void expand(const char *name, const char *ipv4, const char *ipv6)
{
	const struct spf_resolver resolver = { .query = query };
	struct dns_request request = { .kind = DNS_SPF };
	struct dns_result result;
	int64_t len[FAMILY_COUNT];

	if (!name || !dns_name_normalise(name, strlen(name), request.name) || !ipv4 || !ipv6 ||
	    !number_parse(ipv4, 0, 32, &len[0]) || !number_parse(ipv6, 0, 128, &len[1]))
		die("expand: wrong arguments");
	for (int family = 0; family < FAMILY_COUNT; family++)
		request.shortest[family] = (uint8_t)len[family];
	if (spf_expand(&request, &resolver, &result))
		die("out of memory");
	dns_result_write(&result, stdout);
	dns_result_done(&result);
}

int main(void)
{
	static char line[LINE_BYTES];

	while (fgets(line, sizeof(line), stdin)) {
		char *rest = line;
		const char *verb, *name, *first, *second;

		line[strcspn(line, "\n")] = '\0';
		verb = strsep(&rest, " ");
		name = strsep(&rest, " ");
		first = strsep(&rest, " ");
		second = strsep(&rest, " ");
		if (!strcmp(verb, "zone"))
			forget_all();
		else if (!strcmp(verb, "record"))
			add_record(name, first, second);
		else if (!strcmp(verb, "exists"))
			add_name(name);
		else if (!strcmp(verb, "fails"))
			add_name(name)->fails = true;
		else if (!strcmp(verb, "expand"))
			expand(name, first, second);
		else
			die("no such verb");
	}
	forget_all();
	return 0;
}
