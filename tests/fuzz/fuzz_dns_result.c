/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any text as a result of ipwl-resolve. What can be read can be written, and is then read
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/request.h"
#include "dns/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static char *text_of(const struct dns_result *result, size_t *ret_bytes)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_bytes);

	require(stream && !dns_result_write(result, stream) && !fclose(stream));
	return text;
}

static void check_tree(const struct dns_result *result)
{
	for (size_t i = 0; i < result->term_count; i++) {
		const struct dns_record *branch = dns_result_branch(result, (uint32_t)i);

		require(!branch || branch->parent_term != DNS_NO_TERM);
		require(result->terms[i].record < result->record_count);
	}
	for (size_t i = 0; i < result->prefix_count; i++)
		require(result->prefixes[i].term == DNS_NO_TERM ||
			result->prefixes[i].term < result->term_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_result result, again;
	struct dns_request request;
	char *first, *second;
	size_t first_bytes, second_bytes;

	if (!dns_request_read((const char *)data, size, &request))
		require(*request.name && request.timeout_sec);
	if (dns_result_read((const char *)data, size, &result))
		return 0;
	check_tree(&result);
	first = text_of(&result, &first_bytes);
	require(!dns_result_read(first, first_bytes, &again));
	second = text_of(&again, &second_bytes);
	require(first_bytes == second_bytes && !memcmp(first, second, first_bytes));
	free(first);
	free(second);
	dns_result_done(&result);
	dns_result_done(&again);
	return 0;
}
