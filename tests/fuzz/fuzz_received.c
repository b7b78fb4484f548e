/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a message. Text below our own line never changes what is found. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/received.h"

#define HOST "mx.test"
#define BELOW "\nReceived: from v (v [198.51.100.66]) by mx.test\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prefix address = { 0 }, again = { 0 };
	char *text = malloc(size + sizeof(BELOW));
	enum received_result result;

	require(text != NULL);
	memcpy(text, data, size);
	memcpy(text + size, BELOW, sizeof(BELOW));
	result = received_find(text, size, HOST, &address);
	if (result == RECEIVED_FOUND) {
		require(address.len == prefix_max_len(address.family));
		require(received_find(text, size + strlen(BELOW), HOST, &again) == RECEIVED_FOUND);
		require(!prefix_compare(&address, &again));
	} else if (result != RECEIVED_NO_LINE) {
		require(received_find(text, size + strlen(BELOW), HOST, &again) != RECEIVED_FOUND);
	}
	free(text);
	return 0;
}
