/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps domains sorted, and looks for one and those that it is in. */
#include "config/domain_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define LABEL_MAX 63

static bool is_domain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool domain_normalise(const char *text, size_t bytes, char ret_domain[DOMAIN_BYTES])
{
	char domain[DOMAIN_BYTES];
	size_t label = 0;

	if (bytes && text[bytes - 1] == '.')
		bytes--;
	if (!bytes || bytes >= DOMAIN_BYTES)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		const char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];

		if (c == '.' ? !label : !is_domain_char(c) || ++label > LABEL_MAX)
			return false;
		if (c == '.')
			label = 0;
		domain[i] = c;
	}
	if (!label)
		return false;
	memcpy(ret_domain, domain, bytes);
	ret_domain[bytes] = '\0';
	return true;
}

int domain_list_add(struct domain_list *list, const char *domain)
{
	const size_t capacity = list->capacity ? 2 * list->capacity : 16;
	char *copy = strdup(domain);
	char **items;

	if (!copy)
		return -ENOMEM;
	if (list->count == list->capacity) {
		items = reallocarray(list->items, capacity, sizeof(*items));
		if (!items) {
			free(copy);
			return -ENOMEM;
		}
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = copy;
	return 0;
}

static int compare_domains(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void domain_list_finish(struct domain_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_domains);
	for (size_t i = 0; i < list->count; i++) {
		if (kept && !strcmp(list->items[kept - 1], list->items[i]))
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

void domain_list_done(struct domain_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct domain_list) { 0 };
}

bool domain_list_has(const struct domain_list *list, const char *text)
{
	return list->count &&
	       bsearch(&text, list->items, list->count, sizeof(*list->items), compare_domains);
}

bool domain_list_covers(const struct domain_list *list, const char *domain)
{
	while (domain && *domain) {
		if (domain_list_has(list, domain))
			return true;
		domain = strchr(domain, '.');
		domain = domain ? domain + 1 : NULL;
	}
	return false;
}

/* ---- files ------------------------------------------------------------------ */

static int read_line(const char *path, uint32_t number, char *line, struct diagnostics *diagnostics,
		     struct domain_list *list)
{
	static const char blanks[] = " \t\r";
	char domain[DOMAIN_BYTES];
	size_t bytes;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, blanks);
	bytes = strlen(line);
	while (bytes && strchr(blanks, line[bytes - 1]))
		bytes--;
	if (!bytes)
		return 0;
	if (domain_normalise(line, bytes, domain))
		return domain_list_add(list, domain);
	diagnostics_add(diagnostics, SEVERITY_ERROR, path, number, 1,
			"\"%.80s\" is not a domain: write one domain in each line, with A-labels "
			"(xn--…) for other letters than those of ASCII",
			line);
	return 0;
}

int domain_list_read_file(const char *path, struct diagnostics *diagnostics,
			  struct domain_list *list)
{
	char *text, *line, *next;
	int64_t changed_sec;
	uint32_t number = 0;
	size_t bytes;
	int err = file_read_whole(path, &text, &bytes, &changed_sec);

	if (err == -ENOMEM)
		return err;
	if (err) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0, "%s", strerror(-err));
		return 0;
	}
	for (next = text; !err && (line = strsep(&next, "\n"));)
		err = read_line(path, ++number, line, diagnostics, list);
	free(text);
	return err;
}
