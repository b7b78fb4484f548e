/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: those with other letters than ASCII become A-labels, as the DNS has them. */
#include "maillog/domain.h"

#include <idn2.h>
#include <string.h>

#include "learn/evidence_line.h"

/* As UTF-8, an A-label of 63 bytes is not longer than this. */
#define UTF8_BYTES_MAX (4 * EVIDENCE_DOMAIN_BYTES)

static bool domain_to_ascii(const char *text, size_t bytes, char domain[EVIDENCE_DOMAIN_BYTES])
{
	char name[UTF8_BYTES_MAX];
	char *ascii = NULL;
	bool fits = false;

	if (bytes >= sizeof(name))
		return false;
	memcpy(name, text, bytes);
	name[bytes] = '\0';
	if (idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK) {
		fits = strlen(ascii) < EVIDENCE_DOMAIN_BYTES;
		if (fits)
			memcpy(domain, ascii, strlen(ascii) + 1);
	}
	idn2_free(ascii);
	return fits;
}

bool domain_read(const struct span *text, char ret_domain[EVIDENCE_DOMAIN_BYTES])
{
	size_t bytes = text->bytes;
	bool is_ascii = true, is_domain = false;

	*ret_domain = '\0';
	if (bytes && text->at[bytes - 1] == '.')
		bytes--;
	for (size_t i = 0; i < bytes; i++)
		is_ascii &= (unsigned char)text->at[i] < 0x80 && text->at[i];
	if (is_ascii && bytes < EVIDENCE_DOMAIN_BYTES) {
		memcpy(ret_domain, text->at, bytes);
		ret_domain[bytes] = '\0';
		is_domain = true;
	} else if (!is_ascii && !memchr(text->at, '\0', bytes)) {
		is_domain = domain_to_ascii(text->at, bytes, ret_domain);
	}
	for (char *c = ret_domain; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (is_domain && evidence_is_domain(ret_domain))
		return true;
	*ret_domain = '\0';
	return false;
}
