/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands evidence on, and makes strangers' texts fit for it. */
#include <string.h>

#include "base/utf8.h"
#include "maillog/internal.h"

void postfix_note_evidence(struct postfix_log *log, struct evidence *evidence)
{
	evidence->source = EVIDENCE_FROM_POSTFIX;
	if (log->is_silent)
		return;
	log->counts.evidence++;
	log->note(log->context, evidence);
}

void postfix_copy_text(const struct span *text, char *copy, size_t copy_bytes)
{
	size_t bytes = text->bytes < copy_bytes ? text->bytes : copy_bytes - 1;

	memcpy(copy, text->at, bytes);
	copy[bytes] = '\0';
	bytes = strlen(copy);
	utf8_sanitize(copy, bytes);
}

bool postfix_is_loopback(const struct prefix *address)
{
	static const uint8_t ipv6[16] = { [15] = 1 };

	return address->family == FAMILY_IPV4 ? address->addr[0] == 127
					      : !memcmp(address->addr, ipv6, sizeof(ipv6));
}
