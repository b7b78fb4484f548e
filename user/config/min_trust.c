/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `min_trust` of lists and feeds. */
#include <string.h>

#include "config/parts.h"

void min_trust_read(struct document *document, const yaml_node_t *node, enum format format,
		    enum trust *ret_trust)
{
	const char *text = node ? document_text(document, node, "min_trust") : NULL;

	if (!text)
		return;
	if (!trust_find(text, strlen(text), ret_trust))
		document_error(
		    document, node,
		    "min_trust: must be none, low, medium, high or 0 to 3, not \"%.40s\"", text);
	else if (format != FORMAT_DNSWL)
		document_error(document, node,
			       "min_trust needs format: dnswl, because no other format has levels "
			       "of trust: add it, or remove min_trust");
}
