/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds warnings of hazards, file by file. */
#include "config/hazards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "config/own_addresses.h"

/* Maximum number of single warnings for each file. */
#define WARNINGS_PER_FILE_MAX 3

struct file_count {
	const char *origin;
	size_t count;
};

struct warning {
	unsigned int sources;
	const char *file; /* file of all entries, or NULL */
	struct diagnostics *diagnostics;
	struct file_count *files;
	size_t file_count;
	bool is_out_of_memory;
};

void hazards_init(struct hazards *hazards, const struct config *config)
{
	size_t count;

	*hazards = (struct hazards) { 0 };
	hazards->spaces.protected = PREFIX_ARRAY(config->protected, config->protected_count);
	if (!own_addresses(&hazards->own, &count))
		hazards->spaces.own = PREFIX_ARRAY(hazards->own, count);
}

void hazards_done(struct hazards *hazards)
{
	free(hazards->own);
	*hazards = (struct hazards) { 0 };
}

/* NULL: out of memory. */
static struct file_count *find_file(struct warning *warning, const char *origin)
{
	struct file_count *grown;

	for (size_t i = 0; i < warning->file_count; i++)
		if (!strcmp(warning->files[i].origin, origin))
			return &warning->files[i];
	grown = reallocarray(warning->files, warning->file_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	warning->files = grown;
	grown[warning->file_count] = (struct file_count) { .origin = origin };
	return &grown[warning->file_count++];
}

static void warn_of(const struct hazard *hazard, void *context)
{
	const struct entry *entry = hazard->entry;
	struct warning *warning = context;
	char prefix[PREFIX_TEXT_BYTES], text[HAZARD_TEXT_BYTES];
	struct file_count *file;

	if (!(warning->sources & 1U << entry->source))
		return;
	file = find_file(warning, warning->file		 ? warning->file
				  : entry->about->origin ? entry->about->origin
							 : "");
	if (!file) {
		warning->is_out_of_memory = true;
		return;
	}
	if (file->count++ < WARNINGS_PER_FILE_MAX)
		diagnostics_add(warning->diagnostics, SEVERITY_WARNING, file->origin, entry->line,
				0, "%s in the block list %s %s",
				prefix_format_short(&entry->prefix, prefix), hazard->list->name,
				hazard_describe(hazard, text));
}

int hazards_warn(const struct hazards *hazards, const struct list *list, unsigned int sources,
		 const char *file, struct diagnostics *diagnostics)
{
	struct warning warning = { .sources = sources, .file = file, .diagnostics = diagnostics };
	int err = hazards_find(list, &hazards->spaces, warn_of, &warning);

	for (size_t i = 0; i < warning.file_count; i++)
		if (warning.files[i].count > WARNINGS_PER_FILE_MAX)
			diagnostics_add(
			    diagnostics, SEVERITY_WARNING, warning.files[i].origin, 0, 0,
			    "%zu more %s the block list %s has reserved, own or "
			    "protected address space: exclude it from the list, or see "
			    "`ipwlctl lint --check space'",
			    warning.files[i].count - WARNINGS_PER_FILE_MAX,
			    plural(warning.files[i].count - WARNINGS_PER_FILE_MAX, "time", "times"),
			    list->name);
	free(warning.files);
	return err || warning.is_out_of_memory ? -ENOMEM : 0;
}
