/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any text as a listing of ipwl-resolve, and judges it. What can be read can be written, and
 * is then read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/listing.h"
#include "rescue/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static char *text_of(const struct dns_listing *listing, size_t *ret_bytes)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_bytes);

	require(stream && !dns_listing_write(listing, stream) && !fclose(stream));
	return text;
}

/* Nobody is let in by an answer that is not a level of trust. */
static void judge(const struct dns_listing *listing)
{
	static char name[] = "wl.test";
	static const struct rescue_zone zone = { .name = name, .min_trust = TRUST_MEDIUM };
	char why[RESCUE_WHY_BYTES];

	rescue_judge_canaries(&zone, listing, why);
	for (size_t i = 0; i < listing->count; i++) {
		const struct dns_listed *item = &listing->items[i];

		if (rescue_judge(&zone, item, why) != RESCUE_ENOUGH)
			continue;
		require(item->status == DNS_OK && strlen(why) > 0);
		for (size_t j = 0; j < item->answer_count; j++)
			require(item->answers[j].addr[0] == 127 && item->answers[j].addr[3] <= 3);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_listing listing, again;
	char *first, *second;
	size_t first_bytes, second_bytes;

	if (dns_listing_read((const char *)data, size, &listing))
		return 0;
	judge(&listing);
	first = text_of(&listing, &first_bytes);
	require(!dns_listing_read(first, first_bytes, &again));
	second = text_of(&again, &second_bytes);
	require(first_bytes == second_bytes && !memcmp(first, second, first_bytes));
	free(first);
	free(second);
	return 0;
}
