/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies of feeds on their way to the file: sizes and gzip, in pieces of any length. */
#include "fetch/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "random_prefix.h"

#define ROUNDS 500
#define PLAIN_BYTES_MAX 200000
#define BYTES_MAX 400000

static char plain[PLAIN_BYTES_MAX], packed[BYTES_MAX], out[BYTES_MAX];

/* Append a gzip member; returns the bytes that are there then. */
static size_t pack(const char *text, size_t bytes, size_t used)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)text;
	stream.avail_in = (uInt)bytes;
	stream.next_out = (unsigned char *)packed + used;
	stream.avail_out = (uInt)(sizeof(packed) - used);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	used += stream.total_out;
	deflateEnd(&stream);
	return used;
}

/* Give @bytes to a body in random pieces; the result is in out. Returns its size, or -1
 * with the words in @error. */
static ssize_t feed(const char *data, size_t bytes, uint64_t max_bytes,
		    char error[BODY_ERROR_BYTES])
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	struct body body;
	ssize_t count = -1;
	int err = 0;

	assert_true(fd >= 0);
	body_init(&body, fd, max_bytes);
	while (bytes && !err) {
		size_t piece = 1 + random_below(random_chance(30) ? 3 : 20000);

		if (piece > bytes)
			piece = bytes;
		err = body_add(&body, data, piece);
		data += piece;
		bytes -= piece;
	}
	if (!err)
		err = body_finish(&body);
	if (!err)
		count = pread(fd, out, sizeof(out), 0);
	assert_int_equal(err != 0, body.error[0] != '\0');
	assert_true(lseek(fd, 0, SEEK_END) <= (off_t)max_bytes);
	memcpy(error, body.error, BODY_ERROR_BYTES);
	body_done(&body);
	close(fd);
	return count;
}

static size_t random_text(void)
{
	size_t bytes = random_below(random_chance(50) ? 5 : PLAIN_BYTES_MAX);

	for (size_t i = 0; i < bytes; i++)
		plain[i] = "0123456789.\n"[random_below(12)];
	return bytes;
}

static void test_any_pieces(void **state)
{
	char error[BODY_ERROR_BYTES];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t bytes = random_text(), first = bytes ? random_below((unsigned int)bytes) : 0;
		size_t used;

		assert_int_equal(feed(plain, bytes, BYTES_MAX, error), bytes);
		assert_memory_equal(out, plain, bytes);
		/* One member, or two. */
		used = random_chance(50)
			   ? pack(plain, bytes, 0)
			   : pack(plain + first, bytes - first, pack(plain, first, 0));
		assert_int_equal(feed(packed, used, BYTES_MAX, error), bytes);
		assert_memory_equal(out, plain, bytes);
	}
}

static void test_sizes(void **state)
{
	char error[BODY_ERROR_BYTES];
	size_t used;

	(void)state;
	memset(plain, '\n', sizeof(plain));
	assert_int_equal(feed(plain, 1000, 1000, error), 1000);
	assert_int_equal(feed(plain, 1001, 1000, error), -1);
	assert_string_equal(error, "it is larger than max_bytes, 1000");
	used = pack(plain, 1000, 0);
	assert_int_equal(feed(packed, used, 1000, error), 1000);
	used = pack(plain, 1001, 0);
	assert_true(used < 100);
	assert_int_equal(feed(packed, used, 1000, error), -1);
	assert_string_equal(error, "unpacked, it is larger than max_bytes, 1000");
	used = pack(plain, sizeof(plain), 0);
	assert_int_equal(feed(packed, used, 1000, error), -1);
}

static void test_damage(void **state)
{
	char error[BODY_ERROR_BYTES];
	size_t bytes = 5000, used;

	(void)state;
	for (size_t i = 0; i < bytes; i++)
		plain[i] = "0123456789.\n"[random_below(12)];
	used = pack(plain, bytes, 0);
	/* Wherever it is cut, but before its second byte: that may be a list. */
	for (size_t length = 2; length < used; length++) {
		assert_int_equal(feed(packed, length, BYTES_MAX, error), -1);
		assert_string_equal(error, "its gzip data is truncated");
	}
	assert_int_equal(feed("\x1f", 1, BYTES_MAX, error), 1);
	packed[used] = 'x';
	assert_int_equal(feed(packed, used + 1, BYTES_MAX, error), -1);
	packed[used / 2] = (char)~packed[used / 2];
	assert_int_equal(feed(packed, used, BYTES_MAX, error), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pieces),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_damage),
	};

	random_start("test_fetch_body");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
