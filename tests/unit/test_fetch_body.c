/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies of feeds on their way to the file: sizes and packings, in pieces of any length. */
#include "fetch/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "random_prefix.h"

#define ROUNDS 500
#define PLAIN_BYTES_MAX 200000
#define BYTES_MAX 400000

static char plain[PLAIN_BYTES_MAX], packed[BYTES_MAX], out[BYTES_MAX];

/* ---- packing ----------------------------------------------------------------- */

/* Append packed text; returns the bytes that are there then. */
typedef size_t pack_fn(const char *text, size_t bytes, size_t used);

static size_t pack_gzip(const char *text, size_t bytes, size_t used)
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

static size_t pack_xz(const char *text, size_t bytes, size_t used)
{
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text,
						 bytes, (uint8_t *)packed, &used, sizeof(packed)),
			 LZMA_OK);
	return used;
}

/* An archive being made. */
struct archive {
	zip_source_t *buffer;
	zip_t *zip;
};

static struct archive make_archive(void)
{
	struct archive archive;

	archive.buffer = zip_source_buffer_create(NULL, 0, 0, NULL);
	assert_non_null(archive.buffer);
	archive.zip = zip_open_from_source(archive.buffer, ZIP_TRUNCATE, NULL);
	assert_non_null(archive.zip);
	zip_source_keep(archive.buffer);
	return archive;
}

static zip_uint64_t add_file(struct archive *archive, const char *name, const char *text,
			     size_t bytes)
{
	zip_source_t *source = zip_source_buffer(archive->zip, text, bytes, 0);
	zip_int64_t place = zip_file_add(archive->zip, name, source, 0);

	assert_true(place >= 0);
	return (zip_uint64_t)place;
}

/* Into packed; returns its bytes. */
static size_t close_archive(struct archive *archive)
{
	zip_int64_t bytes;

	assert_int_equal(zip_close(archive->zip), 0);
	assert_int_equal(zip_source_open(archive->buffer), 0);
	bytes = zip_source_read(archive->buffer, packed, sizeof(packed));
	assert_true(bytes > 0);
	zip_source_close(archive->buffer);
	zip_source_free(archive->buffer);
	return (size_t)bytes;
}

/* Always at the beginning: an archive stands alone. */
static size_t pack_zip(const char *text, size_t bytes, size_t used)
{
	struct archive archive = make_archive();

	assert_int_equal(used, 0);
	if (random_chance(50))
		zip_dir_add(archive.zip, "lists/", 0);
	add_file(&archive, "lists/drop.txt", text, bytes);
	return close_archive(&archive);
}

/* ---- tests ------------------------------------------------------------------- */

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

static pack_fn *const packers[] = { pack_gzip, pack_xz, pack_zip };

static void test_any_pieces(void **state)
{
	char error[BODY_ERROR_BYTES];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t bytes = random_text(), first = bytes ? random_below((unsigned int)bytes) : 0;
		pack_fn *pack = random_chance(50) ? pack_gzip : pack_xz;
		size_t used;

		assert_int_equal(feed(plain, bytes, BYTES_MAX, error), bytes);
		assert_memory_equal(out, plain, bytes);
		/* One member, or two. */
		used = random_chance(50)
			   ? pack(plain, bytes, 0)
			   : pack(plain + first, bytes - first, pack(plain, first, 0));
		assert_int_equal(feed(packed, used, BYTES_MAX, error), bytes);
		assert_memory_equal(out, plain, bytes);
		used = pack_zip(plain, bytes, 0);
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
	for (size_t i = 0; i < 3; i++) {
		used = packers[i](plain, 1000, 0);
		assert_int_equal(feed(packed, used, 1000, error), 1000);
		used = packers[i](plain, 1001, 0);
		assert_int_equal(feed(packed, used, 1000, error), -1);
		assert_string_equal(error, "unpacked, it is larger than max_bytes, 1000");
		used = packers[i](plain, sizeof(plain), 0);
		assert_int_equal(feed(packed, used, 1000, error), -1);
	}
}

static void fill_plain(size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		plain[i] = "0123456789.\n"[random_below(12)];
}

/* Wherever it is cut, but within its signature: that may be a list. */
static void expect_cuts_refused(size_t used, size_t signature_bytes, const char *words)
{
	char error[BODY_ERROR_BYTES];

	for (size_t length = signature_bytes; length < used; length++) {
		assert_int_equal(feed(packed, length, BYTES_MAX, error), -1);
		assert_non_null(strstr(error, words));
	}
	for (size_t length = 1; length < signature_bytes; length++)
		assert_int_equal(feed(packed, length, BYTES_MAX, error), length);
}

static void test_cut(void **state)
{
	(void)state;
	fill_plain(5000);
	expect_cuts_refused(pack_gzip(plain, 5000, 0), 2, "its gzip data is truncated");
	expect_cuts_refused(pack_xz(plain, 5000, 0), 6, "its xz data is truncated");
	expect_cuts_refused(pack_zip(plain, 5000, 0), 4, "its zip archive is truncated or damaged");
}

static void test_damage(void **state)
{
	char error[BODY_ERROR_BYTES];

	(void)state;
	fill_plain(5000);
	for (size_t i = 0; i < 3; i++) {
		size_t used = packers[i](plain, 5000, 0);

		packed[used] = 'x';
		assert_int_equal(feed(packed, used + 1, BYTES_MAX, error), -1);
		packed[used / 2] = (char)~packed[used / 2];
		assert_int_equal(feed(packed, used, BYTES_MAX, error), -1);
	}
}

static void test_xz_of_much_memory(void **state)
{
	char error[BODY_ERROR_BYTES];
	lzma_options_lzma options;
	const lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options },
					{ LZMA_VLI_UNKNOWN, NULL } };
	size_t used = 0;

	(void)state;
	fill_plain(5000);
	lzma_lzma_preset(&options, 0);
	options.dict_size = 64U << 20;
	assert_int_equal(lzma_stream_buffer_encode((lzma_filter *)(uintptr_t)filters,
						   LZMA_CHECK_CRC32, NULL, (uint8_t *)plain, 5000,
						   (uint8_t *)packed, &used, sizeof(packed)),
			 LZMA_OK);
	assert_int_equal(feed(packed, used, BYTES_MAX, error), 5000);
	options.dict_size = 256U << 20;
	used = 0;
	assert_int_equal(lzma_stream_buffer_encode((lzma_filter *)(uintptr_t)filters,
						   LZMA_CHECK_CRC32, NULL, (uint8_t *)plain, 5000,
						   (uint8_t *)packed, &used, sizeof(packed)),
			 LZMA_OK);
	assert_int_equal(feed(packed, used, BYTES_MAX, error), -1);
	assert_non_null(strstr(error, "needs more than 128 MiB of memory"));
}

static void test_archives(void **state)
{
	char error[BODY_ERROR_BYTES];
	struct archive archive = make_archive();
	zip_uint64_t place;

	(void)state;
	place = add_file(&archive, "a.txt", "192.0.2.1\n", 10);
	zip_set_file_compression(archive.zip, place, ZIP_CM_STORE, 0);
	assert_int_equal(feed(packed, close_archive(&archive), BYTES_MAX, error), 10);
	assert_memory_equal(out, "192.0.2.1\n", 10);
	archive = make_archive();
	add_file(&archive, "a.txt", "192.0.2.1\n", 10);
	add_file(&archive, "b.txt", "192.0.2.2\n", 10);
	assert_int_equal(feed(packed, close_archive(&archive), BYTES_MAX, error), -1);
	assert_string_equal(error, "its zip archive has more than one file: only one is expected");
	archive = make_archive();
	zip_dir_add(archive.zip, "empty/", 0);
	assert_int_equal(feed(packed, close_archive(&archive), BYTES_MAX, error), -1);
	assert_string_equal(error, "its zip archive has no file");
	archive = make_archive();
	place = add_file(&archive, "a.txt", "192.0.2.1\n", 10);
	assert_int_equal(zip_file_set_encryption(archive.zip, place, ZIP_EM_AES_256, "secret"), 0);
	assert_int_equal(feed(packed, close_archive(&archive), BYTES_MAX, error), -1);
	assert_non_null(strstr(error, "its zip archive cannot be unpacked: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pieces),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_xz_of_much_memory),
		cmocka_unit_test(test_archives),
	};

	random_start("test_fetch_body");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
