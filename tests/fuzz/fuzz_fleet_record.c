/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any text as a record of a fleet: three lines, origin, key and value. What is read is what
 * would be written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char key[FLEET_KEY_BYTES], value[FLEET_VALUE_BYTES], *text = malloc(size + 1);
	struct fleet_texts texts;
	struct fleet_record record, *copy;
	char *lines[3], *next = text;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < 3; i++) {
		lines[i] = next ? strsep(&next, "\n") : text + size;
	}
	if (!fleet_record_parse(lines[0], lines[1], lines[2], &texts, &record)) {
		copy = fleet_record_copy(&record);
		require(copy);
		require(!strcmp(fleet_record_key(copy, key), lines[1]));
		require(fleet_record_format(copy, value) == strlen(lines[2]));
		require(!strcmp(value, lines[2]));
		require(fleet_record_digest(copy) == fleet_record_digest(&record));
		free(copy);
	}
	free(text);
	return 0;
}
