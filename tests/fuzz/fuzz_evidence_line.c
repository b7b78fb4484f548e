/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes as a line of evidence. What is accepted keeps the promises of evidence.h, and
 * is restored from the line that is written of it. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "learn/evidence_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_person(const struct evidence *evidence)
{
	char text[EVIDENCE_PERSON_BYTES];

	memcpy(text, evidence->person, sizeof(text));
	utf8_sanitize(text, strlen(text));
	check(!strcmp(text, evidence->person) && !strchr(text, '\t'));
}

static void check_written(const struct evidence *evidence)
{
	char line[EVIDENCE_LINE_BYTES];
	size_t bytes = evidence_line_write(evidence, line);
	struct evidence again;

	check(bytes == strlen(line) && bytes < sizeof(line));
	for (size_t i = 0; i + 1 < bytes; i++)
		check(line[i] >= ' ' && line[i] <= '~');
	check(line[bytes - 1] == '\n');
	check(!evidence_line_read(line, bytes - 1, &again));
	check(again.kind == evidence->kind && again.at_sec == evidence->at_sec &&
	      again.recipient_count == evidence->recipient_count);
	check(!strcmp(again.domain, evidence->domain) && !strcmp(again.name, evidence->name) &&
	      !strcmp(again.person, evidence->person));
	check(again.has_address == evidence->has_address &&
	      (!again.has_address || !prefix_compare(&again.address, &evidence->address)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct evidence evidence;

	memset(&evidence, 0, sizeof(evidence));
	if (evidence_line_read((const char *)data, size, &evidence))
		return 0;
	check(evidence.source < EVIDENCE_SOURCE_COUNT && evidence.kind < EVIDENCE_KIND_COUNT);
	check(!*evidence.domain || evidence_is_domain(evidence.domain));
	check(!*evidence.name || evidence_is_domain(evidence.name));
	check(!evidence.has_address ||
	      evidence.address.len == prefix_max_len(evidence.address.family));
	check_person(&evidence);
	check_written(&evidence);
	return 0;
}
