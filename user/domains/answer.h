/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy of a domain: what DNS answered, as the text of a result (dns/result.h) without what
 * differs each time. Does no I/O.
 */
#ifndef DOMAINS_ANSWER_H
#define DOMAINS_ANSWER_H

#include <stdbool.h>

#include "base/lines.h"
#include "core/entry.h"
#include "dns/result.h"

/* Write the text that is kept. Return: 0 or -errno. */
int domain_answer_write(const struct dns_result *result, FILE *stream);

struct domain_reading {
	enum source source;
	const char *origin; /* of the entries */
	int64_t added_at_sec;
	/* The records of shared providers, separated by blanks (domains/shared.h); or NULL. */
	const char *shared;
	bool takes_shared;   /* their addresses become entries as well */
	const char *preface; /* of the reason of each entry, or "" */
};

/* What is in an answer. */
struct domain_content {
	struct entry_set *set;	  /* entries are added; it is not finished */
	struct entry_set *shared; /* the same for addresses of shared providers; may be NULL */
	struct lines notes;	  /* what could not be expanded, what is left out, each error */
	struct lines foreign;	  /* domains of records of other organisations */
};

/* Read the text. Return: 0; -EBADMSG: this is no answer; -ENOMEM. */
int domain_answer_read(const char *text, size_t bytes, const struct domain_reading *reading,
		       struct domain_content *content);

#endif
