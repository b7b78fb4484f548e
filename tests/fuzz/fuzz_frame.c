/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads any bytes as a captured frame. Nothing after its end is read, a source is an address,
 * and a frame that can be judged can still be judged with more bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* Make a copy of exactly this size, so that ASan detects reading further. */
static bool is_judgeable(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct prefix source;
	bool result;

	check(copy != NULL);
	memcpy(copy, data, size);
	result = frame_is_judgeable(copy, size);
	if (frame_source(copy, size, &source)) {
		check(source.family < FAMILY_COUNT);
		check(source.len == prefix_max_len(source.family));
	}
	free(copy);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool before = false;

	for (size_t bytes = 0; bytes <= size && bytes < 400; bytes++) {
		bool now = is_judgeable(data, bytes);

		check(!before || now);
		before = now;
	}
	return 0;
}
