/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of DNS: queries byte by byte, answers that count, and answers that must not. */
#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "random_prefix.h"

/* A question for a.example, compressed names point to it (position 12). */
#define HEADER(flags, code, answers, authorities)                                                  \
	"\x12\x34" flags code "\0\1\0" answers "\0" authorities "\0\0"
#define QUESTION(type) "\1a\7example\0\0" type "\0\1"
#define RECORD(owner, type, ttl) owner "\0" type "\0\1\0\0\0" ttl
#define POINTER "\xc0\x0c"

struct buffer {
	uint8_t bytes[1024];
	size_t count;
};

static void put(struct buffer *buffer, const char *bytes, size_t count)
{
	memcpy(buffer->bytes + buffer->count, bytes, count);
	buffer->count += count;
}

#define PUT(buffer, literal) put(buffer, literal, sizeof(literal) - 1)

static struct dns_answer read_answer(const struct buffer *buffer, enum dns_type type)
{
	/* A copy of the exact size lets the sanitizer see each byte too many. */
	uint8_t *copy = malloc(buffer->count ? buffer->count : 1);
	struct dns_answer answer;

	assert_non_null(copy);
	memcpy(copy, buffer->bytes, buffer->count);
	assert_int_equal(dns_message_read(copy, buffer->count, "a.example", type, &answer), 0);
	free(copy);
	return answer;
}

static void test_query(void **state)
{
	static const char expected[] = "\x12\x34\x01\x20\0\1\0\0\0\0\0\1"
				       "\1a\7example\0\0\x10\0\1"
				       "\0\0\x29\x04\xd0\0\0\0\0\0\0";
	uint8_t query[DNS_QUERY_BYTES_MAX];

	(void)state;
	assert_int_equal(dns_message_query("a.example", DNS_TXT, 0x1234, true, query),
			 sizeof(expected) - 1);
	assert_memory_equal(query, expected, sizeof(expected) - 1);
	assert_int_equal(dns_message_query("a.example", DNS_TXT, 0x1234, false, query),
			 sizeof(expected) - 1 - 11);
	assert_int_equal(query[11], 0);
}

static void test_text(void **state)
{
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\xa0", "\2", "\0"));
	PUT(&buffer, QUESTION("\x10"));
	PUT(&buffer, RECORD(POINTER, "\x10", "\x3c") "\0\x8\2v=\0\3spf");
	PUT(&buffer, RECORD(POINTER, "\x10", "\x1e") "\0\4\3a\0b");
	answer = read_answer(&buffer, DNS_TXT);
	assert_int_equal(answer.status, DNS_ANSWER_RECORDS);
	assert_int_equal(answer.item_count, 2);
	assert_string_equal(answer.items[0].text, "v=spf");
	assert_int_equal(answer.items[1].text_bytes, 3);
	assert_memory_equal(answer.items[1].text, "a\0b", 4);
	assert_int_equal(answer.ttl_sec, 30);
	assert_true(answer.is_authenticated);
	dns_answer_done(&answer);
}

static void test_alias(void **state)
{
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\x80", "\3", "\0"));
	PUT(&buffer, QUESTION("\1"));
	/* A record of another name does not count. */
	PUT(&buffer, RECORD("\1c\xc0\x0e", "\1", "\1") "\0\4\x7f\0\0\1");
	PUT(&buffer, RECORD(POINTER, "\5", "\x14") "\0\4\1B\xc0\x0e");
	PUT(&buffer, RECORD("\1b\xc0\x0e", "\1", "\x3c") "\0\4\xc0\0\2\1");
	answer = read_answer(&buffer, DNS_A);
	assert_int_equal(answer.status, DNS_ANSWER_RECORDS);
	assert_int_equal(answer.item_count, 1);
	assert_memory_equal(answer.items[0].address.addr, "\xc0\0\2\1", 4);
	assert_int_equal(answer.items[0].address.len, 32);
	assert_int_equal(answer.ttl_sec, 20);
	assert_false(answer.is_authenticated);
	dns_answer_done(&answer);
}

static void test_alias_loop(void **state)
{
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\x80", "\1", "\0"));
	PUT(&buffer, QUESTION("\1"));
	PUT(&buffer, RECORD(POINTER, "\5", "\x14") "\0\2" POINTER);
	answer = read_answer(&buffer, DNS_A);
	assert_int_equal(answer.status, DNS_ANSWER_FAILED);
}

static void test_exchange(void **state)
{
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\x80", "\2", "\0"));
	PUT(&buffer, QUESTION("\xf"));
	PUT(&buffer, RECORD(POINTER, "\xf", "\x14") "\0\x6\0\1\1M\xc0\x0e");
	PUT(&buffer, RECORD(POINTER, "\xf", "\x14") "\0\3\0\1\0");
	answer = read_answer(&buffer, DNS_MX);
	assert_int_equal(answer.item_count, 2);
	assert_string_equal(answer.items[0].text, "m.example");
	assert_string_equal(answer.items[1].text, "");
	dns_answer_done(&answer);
}

/* The absence of records holds for the smaller number of the SOA. */
static void test_absence(void **state)
{
	static const char soa[] = "\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x5";
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\x80", "\0", "\1"));
	PUT(&buffer, QUESTION("\1"));
	PUT(&buffer, RECORD("\xc0\x0e", "\6", "\x3c"));
	PUT(&buffer, soa);
	answer = read_answer(&buffer, DNS_A);
	assert_int_equal(answer.status, DNS_ANSWER_EMPTY);
	assert_int_equal(answer.ttl_sec, 5);
	buffer.bytes[3] |= 3;
	answer = read_answer(&buffer, DNS_A);
	assert_int_equal(answer.status, DNS_ANSWER_NO_DOMAIN);
	assert_int_equal(answer.ttl_sec, 5);
}

static void test_errors(void **state)
{
	static const unsigned int codes[] = { 1, 2, 4, 5, 6, 15 };
	struct buffer buffer = { .count = 0 };
	struct dns_answer answer;

	(void)state;
	PUT(&buffer, HEADER("\x81", "\x80", "\0", "\0"));
	PUT(&buffer, QUESTION("\1"));
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		buffer.bytes[3] = (uint8_t)codes[i];
		answer = read_answer(&buffer, DNS_A);
		assert_int_equal(answer.status, DNS_ANSWER_FAILED);
		assert_non_null(answer.reason);
		assert_int_equal(dns_message_is_format_error(buffer.bytes, buffer.count),
				 codes[i] == 1);
	}
	buffer.bytes[3] = 0;
	buffer.bytes[2] |= 2; /* truncated */
	assert_int_equal(read_answer(&buffer, DNS_A).status, DNS_ANSWER_FAILED);
	buffer.bytes[2] = 1; /* a query */
	assert_int_equal(read_answer(&buffer, DNS_A).status, DNS_ANSWER_FAILED);
	buffer.bytes[2] = 0x81;
	assert_int_equal(read_answer(&buffer, DNS_A).status, DNS_ANSWER_EMPTY);
	assert_int_equal(read_answer(&buffer, DNS_AAAA).status, DNS_ANSWER_FAILED);
	buffer.bytes[13] = 'b';
	assert_int_equal(read_answer(&buffer, DNS_A).status, DNS_ANSWER_FAILED);
}

/* Data of the wrong length. */
static void test_malformed(void **state)
{
	static const struct {
		const char *data;
		size_t bytes;
		char type;
	} cases[] = {
		{ "\0\3\1\2\3", 5, 1 }, { "\0\5\1\2\3\4\5", 7, 1 }, { "\0\4\1\2\3\4", 6, 28 },
		{ "\0\2\0\1", 4, 15 },	{ "\0\4\0\1\0\0", 6, 15 },  { "\0\2\5a", 4, 16 },
		{ "\0\x40\1a", 4, 16 }, { "\0\3\0\1\xc0", 5, 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char question[] = { '\1', 'a', '\7', 'e',	 'x',		'a',  'm', 'p',
					  'l',	'e', '\0', '\0', cases[i].type, '\0', '\1' };
		const char record[] = { '\xc0', '\x0c', '\0', cases[i].type, '\0',
					'\1',	'\0',	'\0', '\0',	     '\1' };
		struct buffer buffer = { .count = 0 };

		PUT(&buffer, HEADER("\x81", "\x80", "\1", "\0"));
		put(&buffer, question, sizeof(question));
		put(&buffer, record, sizeof(record));
		put(&buffer, cases[i].data, cases[i].bytes);
		assert_int_equal(read_answer(&buffer, (enum dns_type)cases[i].type).status,
				 DNS_ANSWER_FAILED);
	}
}

/* Each beginning of a message, and messages with random bytes, are read without harm. */
static void test_random(void **state)
{
	struct buffer whole = { .count = 0 };

	(void)state;
	random_start("dns_message");
	PUT(&whole, HEADER("\x81", "\x80", "\3", "\0"));
	PUT(&whole, QUESTION("\x10"));
	PUT(&whole, RECORD(POINTER, "\5", "\x14") "\0\4\1b\xc0\x0e");
	PUT(&whole, RECORD("\1b\xc0\x0e", "\x10", "\x3c") "\0\x8\2v=\0\3spf");
	PUT(&whole, RECORD("\1b\xc0\x0e", "\x10", "\x3c") "\0\4\3abc");
	for (int round = 0; round < 20000; round++) {
		struct buffer buffer = whole;
		struct dns_answer answer;

		for (unsigned int i = random_below(4); i > 0; i--)
			buffer.bytes[random_below((unsigned int)buffer.count)] =
			    (uint8_t)random_number();
		if (random_chance(30))
			buffer.count = random_below((unsigned int)buffer.count);
		answer = read_answer(&buffer, DNS_TXT);
		assert_int_equal(answer.status == DNS_ANSWER_RECORDS, answer.item_count > 0);
		assert_int_equal(answer.status == DNS_ANSWER_FAILED, answer.reason != NULL);
		dns_answer_done(&answer);
	}
	for (size_t count = 0; count < whole.count; count++) {
		const struct buffer buffer = { .count = count };
		struct buffer part = buffer;

		memcpy(part.bytes, whole.bytes, count);
		assert_int_equal(read_answer(&part, DNS_TXT).status, DNS_ANSWER_FAILED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),	 cmocka_unit_test(test_text),
		cmocka_unit_test(test_alias),	 cmocka_unit_test(test_alias_loop),
		cmocka_unit_test(test_exchange), cmocka_unit_test(test_absence),
		cmocka_unit_test(test_errors),	 cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
