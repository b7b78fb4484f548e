/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of feeds as text and packed: what is read back, and what is refused. */
#include "fleet/copy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_prefix.h"

#define URL "https://lists.example/drop?token=open-sesame"

static const struct fleet_signer signer = { "the key of the fleet", "mail" };

static struct fleet_copy example(const char *bytes, char **ret_packed)
{
	struct fleet_copy copy = { .checked_at_sec = 1800000000,
				   .host = "mx1.example",
				   .etag = "W/\"v 1\"",
				   .last_modified = "Sun, 22 Nov 2026 10:00:00 GMT" };

	assert_int_equal(fleet_copy_source(&signer, URL, copy.source), 0);
	assert_int_equal(fleet_copy_pack(bytes, strlen(bytes), &copy, ret_packed), 0);
	return copy;
}

static void write_example(const char *name, char text[FLEET_COPY_TEXT_BYTES])
{
	char *packed;
	const struct fleet_copy copy = example("192.0.2.1\n", &packed);

	free(packed);
	assert_int_equal(fleet_copy_format(&copy, &signer, name, text), 0);
}

static void test_text(void **unused)
{
	char name[FLEET_MAC_DIGITS + 1], other[FLEET_MAC_DIGITS + 1], text[FLEET_COPY_TEXT_BYTES];
	char *packed;
	const struct fleet_copy copy = example("192.0.2.1\n", &packed);
	struct fleet_copy again;

	(void)unused;
	assert_int_equal(fleet_copy_name(&signer, URL, name), 0);
	assert_int_equal(fleet_copy_name(&signer, URL "2", other), 0);
	assert_string_not_equal(name, other);
	assert_string_not_equal(name, copy.source);
	assert_int_equal(fleet_copy_format(&copy, &signer, name, text), 0);
	assert_null(strstr(text, "sesame"));
	assert_int_equal(fleet_copy_parse(text, &signer, name, &again), 0);
	assert_memory_equal(&again, &copy, sizeof(copy));
	free(packed);
}

/* Texts as long as they may be. */
static void test_long_texts(void **unused)
{
	char text[FLEET_COPY_TEXT_BYTES];
	struct fleet_copy copy = { .byte_count = FLEET_COPY_BYTES_MAX,
				   .packed_count = FLEET_PACKED_BYTES_MAX,
				   .checked_at_sec = INT64_MAX };
	struct fleet_copy again;

	(void)unused;
	memset(copy.digest, 'f', sizeof(copy.digest) - 1);
	memset(copy.host, 'h', sizeof(copy.host) - 1);
	memset(copy.source, '0', sizeof(copy.source) - 1);
	memset(copy.etag, 'e', sizeof(copy.etag) - 1);
	memset(copy.last_modified, 'l', sizeof(copy.last_modified) - 1);
	assert_int_equal(fleet_copy_format(&copy, &signer, "name", text), 0);
	assert_int_equal(fleet_copy_parse(text, &signer, "name", &again), 0);
	assert_memory_equal(&again, &copy, sizeof(copy));
	copy.etag[3] = '\n';
	assert_int_equal(fleet_copy_format(&copy, &signer, "name", text), -EINVAL);
}

/* Of another feed, fleet or key, with any byte changed, cut or added. */
static void test_forged(void **unused)
{
	static const struct fleet_signer others[] = { { "another key", "mail" },
						      { "the key of the fleet", "web" } };
	char good[FLEET_COPY_TEXT_BYTES], text[FLEET_COPY_TEXT_BYTES + 2];
	struct fleet_copy copy = { .digest = "untouched" };

	(void)unused;
	write_example("feed", good);
	strcpy(text, good);
	assert_int_equal(fleet_copy_parse(text, &signer, "other", &copy), -EINVAL);
	for (size_t i = 0; i < 2; i++) {
		strcpy(text, good);
		assert_int_equal(fleet_copy_parse(text, &others[i], "feed", &copy), -EINVAL);
	}
	for (size_t i = 0; i < strlen(good); i++) {
		strcpy(text, good);
		text[i] = (char)(text[i] ^ (1 << random_below(7)));
		if (strcmp(text, good) != 0)
			assert_int_equal(fleet_copy_parse(text, &signer, "feed", &copy), -EINVAL);
		strcpy(text, good);
		text[i] = '\0';
		assert_int_equal(fleet_copy_parse(text, &signer, "feed", &copy), -EINVAL);
	}
	strcpy(text, good);
	strcat(text, "0");
	assert_int_equal(fleet_copy_parse(text, &signer, "feed", &copy), -EINVAL);
	assert_string_equal(copy.digest, "untouched");
}

/* With a MAC that is right: a host of another version, or a broken one. */
static void test_wrong_form(void **unused)
{
	static const char *const texts[] = {
		"",
		"2 ",
		"1 ",
		"1 00 1 1 1 mx1 s\n\n",
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		"2 " DIGEST " 1 1 1 mx1 s\n\n",
		"1 " DIGEST " -1 1 1 mx1 s\n\n",
		"1 " DIGEST " 01 1 1 mx1 s\n\n",
		"1 " DIGEST " 1 1 mx1 s\n\n",
		"1 " DIGEST " 1 33554433 1 mx1 s\n\n",
		"1 " DIGEST " 134217729 1 1 mx1 s\n\n",
		"1 " DIGEST " 1 1 1 mx1 s\n",
		"1 " DIGEST " 1 1 1 mx1 s\n\n\n",
	};
	char text[FLEET_COPY_TEXT_BYTES];
	struct fleet_copy copy;

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		strcpy(text, texts[i]);
		assert_int_equal(fleet_sign(&signer, "a copy", "feed", text), 0);
		assert_int_equal(fleet_copy_parse(text, &signer, "feed", &copy), -EINVAL);
	}
	strcpy(text, "1 " DIGEST " 1 1 1 mx1 s\n\n");
	assert_int_equal(fleet_sign(&signer, "a copy", "feed", text), 0);
	assert_int_equal(fleet_copy_parse(text, &signer, "feed", &copy), 0);
}

static void test_packed(void **unused)
{
	const size_t byte_count = 300000;
	char *bytes = malloc(byte_count), *packed, *again;
	struct fleet_copy copy = { .checked_at_sec = 1 };

	(void)unused;
	for (size_t i = 0; i < byte_count; i++)
		bytes[i] = (char)random_below(5);
	assert_int_equal(fleet_copy_pack(bytes, byte_count, &copy, &packed), 0);
	assert_int_equal(copy.byte_count, byte_count);
	assert_true(copy.packed_count < byte_count / 2);
	assert_int_equal(fleet_copy_unpack(&copy, packed, &again), 0);
	assert_memory_equal(bytes, again, byte_count);
	free(again);
	for (int i = 0; i < 200; i++) {
		struct fleet_copy wrong = copy;
		const size_t place = random_below((uint32_t)copy.packed_count);
		const char before = packed[place];

		/* Bits of the head that nobody reads do not count. */
		packed[place] = (char)(before ^ (1 << random_below(8)));
		if (!fleet_copy_unpack(&wrong, packed, &again)) {
			assert_memory_equal(bytes, again, byte_count);
			free(again);
		}
		packed[place] = before;
		wrong.packed_count -= 1 + random_below(100);
		assert_int_equal(fleet_copy_unpack(&wrong, packed, &again), -EBADMSG);
		wrong = copy;
		wrong.byte_count += i % 2 ? 1 : (size_t)-1;
		assert_int_equal(fleet_copy_unpack(&wrong, packed, &again), -EBADMSG);
		wrong = copy;
		wrong.digest[random_below(FLEET_DIGEST_DIGITS)] = 'x';
		assert_int_equal(fleet_copy_unpack(&wrong, packed, &again), -EBADMSG);
	}
	free(packed);
	free(bytes);
}

/* Nothing, and more than is shared. */
static void test_sizes(void **unused)
{
	const size_t byte_count = FLEET_PACKED_BYTES_MAX + ((size_t)1 << 20);
	char *bytes = malloc(byte_count), *packed = NULL, *again;
	struct fleet_copy copy = { .checked_at_sec = 1 };

	(void)unused;
	assert_int_equal(fleet_copy_pack("", 0, &copy, &packed), 0);
	assert_int_equal(fleet_copy_unpack(&copy, packed, &again), 0);
	free(again);
	free(packed);
	assert_int_equal(fleet_copy_pack("", FLEET_COPY_BYTES_MAX + 1, &copy, &packed), -EFBIG);
	/* Random bytes cannot be packed. */
	for (size_t i = 0; i + 4 <= byte_count; i += 4) {
		const uint32_t random = random_below(UINT32_MAX);

		memcpy(bytes + i, &random, 4);
	}
	assert_int_equal(fleet_copy_pack(bytes, byte_count, &copy, &packed), -EFBIG);
	free(bytes);
	fleet_copy_make_large(&copy);
	assert_int_equal(copy.packed_count, 0);
	assert_int_equal(strlen(copy.digest), FLEET_DIGEST_DIGITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),   cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_forged), cmocka_unit_test(test_wrong_form),
		cmocka_unit_test(test_packed), cmocka_unit_test(test_sizes),
	};

	random_start("fleet copies");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
