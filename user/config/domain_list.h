/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of domains, from the configuration or from a file. */
#ifndef CONFIG_DOMAIN_LIST_H
#define CONFIG_DOMAIN_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diagnostics.h"

#define DOMAIN_BYTES 254 /* with the zero */

/* Domains, sorted and without duplicates. A domain covers its subdomains. */
struct domain_list {
	char **items; /* lower case, A-labels */
	size_t count;
	size_t capacity;
};

/* Write a domain in lower case, without a dot at its end. Return: whether @text is one: labels
 * of letters, digits, "-" and "_". Then a name in UTF-8 is none. */
bool domain_normalise(const char *text, size_t bytes, char ret_domain[DOMAIN_BYTES]);

/* Add a copy of a normalised domain to a list that is not finished. Return: 0 or -ENOMEM. */
int domain_list_add(struct domain_list *list, const char *domain);
/* Sort it. It must not change afterwards. */
void domain_list_finish(struct domain_list *list);
void domain_list_done(struct domain_list *list);

/* Whether exactly this text is in @list. */
bool domain_list_has(const struct domain_list *list, const char *text);

/* Whether @domain or a domain that it is in is in @list. */
bool domain_list_covers(const struct domain_list *list, const char *domain);

/* Add the domains of a file: one in each line, "#" begins a comment. Return: 0, also if errors
 * were added to @diagnostics; -ENOMEM. */
int domain_list_read_file(const char *path, struct diagnostics *diagnostics,
			  struct domain_list *list);

#endif
