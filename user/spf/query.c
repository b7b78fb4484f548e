/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a walk does with DNS: it asks, counts its queries, and describes what is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spf/walk.h"

enum walk_end walk_say(struct walk *walk, enum walk_end end, const char *format, ...)
{
	struct dns_family *family = &walk->result->families[walk->family];
	va_list arguments;

	if (*family->message)
		return end;
	va_start(arguments, format);
	vsnprintf(family->message, sizeof(family->message), format, arguments);
	va_end(arguments);
	return end;
}

static const char *type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_MX:
		return "MX";
	default:
		return "TXT";
	}
}

enum walk_end walk_query(struct walk *walk, const char *name, enum dns_type type,
			 const struct dns_answer **ret_answer)
{
	if (walk->resolver->query(walk->resolver->context, name, type, ret_answer))
		return WALK_FAILED;
	if ((*ret_answer)->status == DNS_ANSWER_FAILED)
		return walk_say(walk, WALK_TEMPORARY, "%.120s %s: %s", name, type_name(type),
				(*ret_answer)->reason);
	return WALK_DONE;
}

enum walk_end walk_name(struct walk *walk, const struct frame *frame, const struct spf_term *term,
			uint32_t index, char ret_name[DNS_NAME_BYTES])
{
	if (!term->domain)
		snprintf(ret_name, DNS_NAME_BYTES, "%s", frame->domain);
	else if (!dns_name_normalise(term->domain, term->domain_bytes, ret_name))
		return walk_say(walk, WALK_PERMANENT, "%s: \"%.80s\" names no domain",
				frame->domain, walk->result->terms[index].text);
	return WALK_DONE;
}

enum walk_end walk_count_lookup(struct walk *walk)
{
	if (++walk->result->families[walk->family].lookups > SPF_LOOKUPS_MAX)
		return walk_say(walk, WALK_PERMANENT, "more than %d terms query DNS",
				SPF_LOOKUPS_MAX);
	return WALK_DONE;
}

enum walk_end walk_count_void(struct walk *walk)
{
	if (++walk->result->families[walk->family].voids > SPF_VOIDS_MAX)
		return walk_say(walk, WALK_PERMANENT, "more than %d terms have no answer",
				SPF_VOIDS_MAX);
	return WALK_DONE;
}
