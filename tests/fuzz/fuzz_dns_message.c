/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes as an answer of DNS; the first one chooses the type of the question. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_item(const struct dns_item *item, enum dns_type type)
{
	char name[DNS_NAME_BYTES];

	if (type == DNS_TXT || type == DNS_MX)
		require(item->text && !item->text[item->text_bytes]);
	if (type == DNS_MX && *item->text)
		require(dns_name_normalise(item->text, item->text_bytes, name) &&
			!strcmp(name, item->text));
	if (type == DNS_A || type == DNS_AAAA)
		require(item->address.len == prefix_max_len(item->address.family));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT };
	const enum dns_type type = types[size ? data[0] % 4 : 0];
	struct dns_answer answer;

	if (!size)
		return 0;
	require(!dns_message_read(data + 1, size - 1, "a.example", type, &answer));
	require((answer.status == DNS_ANSWER_RECORDS) == (answer.item_count > 0));
	require((answer.status == DNS_ANSWER_FAILED) == (answer.reason != NULL));
	for (size_t i = 0; i < answer.item_count; i++)
		check_item(&answer.items[i], type);
	dns_answer_done(&answer);
	return 0;
}
