/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives any bytes as the body of a feed. The result does not depend on the pieces, and never
 * exceeds the limit. The first byte chooses the pieces, the second the size. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch/body.h"

#define OUT_BYTES_MAX (255 * 64)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* Return: the number of unpacked bytes, or -1 if the body was refused. */
static ssize_t run(const uint8_t *data, size_t size, size_t piece, uint64_t max_bytes, char *out)
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	struct body body;
	ssize_t count;
	int err = 0;

	require(fd >= 0);
	body_init(&body, fd, max_bytes);
	while (size && !err) {
		size_t bytes = piece < size ? piece : size;

		err = body_add(&body, data, bytes);
		data += bytes;
		size -= bytes;
	}
	if (!err)
		err = body_finish(&body);
	require(!err == !body.error[0]);
	count = pread(fd, out, OUT_BYTES_MAX, 0);
	require(count >= 0 && (uint64_t)count <= max_bytes);
	require(lseek(fd, 0, SEEK_END) == count);
	body_done(&body);
	close(fd);
	return err ? -1 : count;
}

static int begins_with(const uint8_t *data, size_t size, const char *signature, size_t bytes)
{
	return size >= bytes && !memcmp(data, signature, bytes);
}

static int is_packed(const uint8_t *data, size_t size)
{
	return begins_with(data, size, "\x1f\x8b", 2) ||
	       begins_with(data, size,
			   "\xfd"
			   "7zXZ\0",
			   6) ||
	       begins_with(data, size, "PK\3\4", 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[OUT_BYTES_MAX], pieces[OUT_BYTES_MAX];
	ssize_t count;
	uint64_t max_bytes;
	size_t piece;

	if (size < 2)
		return 0;
	piece = data[0] % 16U + 1;
	max_bytes = data[1] * 64U;
	count = run(data + 2, size - 2, size, max_bytes, whole);
	require(count == run(data + 2, size - 2, piece, max_bytes, pieces));
	require(count < 0 || !memcmp(whole, pieces, (size_t)count));
	/* A body that is not packed passes unchanged. */
	if (count >= 0 && !is_packed(data + 2, size - 2))
		require((size_t)count == size - 2 && !memcmp(whole, data + 2, size - 2));
	return 0;
}
