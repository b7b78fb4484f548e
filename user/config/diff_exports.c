/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the exports of two configurations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/diff_collector.h"

/* "/x/allow.cidr (postfix-cidr, lists a b, after postfix)"; the caller frees it. NULL: out of
 * memory. */
static char *export_text(const struct config_export *export)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "%s (%s, lists", export->path, export_format_names[export->format]);
	for (size_t i = 0; i < export->list_count; i++)
		fprintf(stream, " %s", export->lists[i]);
	if (!export->is_aggregated)
		fputs(", aggregate false", stream);
	if (export->service)
		fprintf(stream, ", after %s", export->service);
	for (size_t i = 0; export->after && export->after[i]; i++)
		fprintf(stream, "%s%s", i ? " " : ", after ", export->after[i]);
	fputc(')', stream);
	return fclose(stream) ? NULL : text;
}

static const struct config_export *find_export(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->export_count; i++)
		if (!strcmp(config->exports[i].path, path))
			return &config->exports[i];
	return NULL;
}

static void export_compare(struct collector *settings, const struct config_export *from,
			   const struct config_export *to)
{
	char *before = from ? export_text(from) : NULL, *after = to ? export_text(to) : NULL;

	if (!before != !from || !after != !to)
		settings->err = -ENOMEM;
	else
		collector_add(settings, "exports", before, after);
	free(before);
	free(after);
}

/* An export is known by its path. */
void exports_compare(struct collector *settings, const struct config *from, const struct config *to)
{
	for (size_t i = 0; i < from->export_count; i++)
		export_compare(settings, &from->exports[i], find_export(to, from->exports[i].path));
	for (size_t i = 0; i < to->export_count; i++)
		if (!find_export(from, to->exports[i].path))
			export_compare(settings, NULL, &to->exports[i]);
}
