/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy of a domain: what DNS answered, as the text of a result (dns/result.h) without what
 * differs each time. Does no I/O.
 */
#ifndef DOMAINS_ANSWER_H
#define DOMAINS_ANSWER_H

#include "base/lines.h"
#include "core/entry.h"
#include "dns/result.h"

/* Write the text that is kept. Return: 0 or -errno. */
int domain_answer_write(const struct dns_result *result, FILE *stream);

struct domain_reading {
	enum source source;
	const char *origin; /* of the entries */
	int64_t added_at_sec;
};

/**
 * domain_answer_read() - turn the text into entries
 * @set: not finished; entries are added
 * @notes: a line is added for each term that could not be expanded, and for each error
 *
 * Return: 0; -EBADMSG: this is no answer; -ENOMEM.
 */
int domain_answer_read(const char *text, size_t bytes, const struct domain_reading *reading,
		       struct entry_set *set, struct lines *notes);

#endif
