/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a message of rspamd: what comes out is evidence that may be stored. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "intake/rspamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* Terminated, UTF-8, and without control characters. */
static void check_text(const char *text, size_t size)
{
	size_t bytes = strnlen(text, size);
	char copy[EVIDENCE_PERSON_BYTES];

	require(bytes < size);
	memcpy(copy, text, bytes + 1);
	utf8_sanitize(copy, bytes);
	require(!strcmp(copy, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence found[RSPAMD_EVIDENCE_MAX];
	char *text = malloc(size + 1);
	int count;

	require(text != NULL);
	memcpy(text, data, size);
	count = rspamd_read(text, size, 1, found);
	require(count <= RSPAMD_EVIDENCE_MAX);
	for (int i = 0; i < count; i++) {
		require(found[i].has_address && found[i].source == EVIDENCE_FROM_RSPAMD);
		require(found[i].address.len == prefix_max_len(found[i].address.family));
		check_text(found[i].domain, sizeof(found[i].domain));
		check_text(found[i].name, sizeof(found[i].name));
		check_text(found[i].person, sizeof(found[i].person));
	}
	free(text);
	return 0;
}
