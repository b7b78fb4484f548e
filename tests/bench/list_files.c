/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lists as the files that ipwld reads. */
#include <stdio.h>
#include <unistd.h>

#include "lists.h"
#include "report.h"
#include "sandbox.h"

#define IPV6_SHARE 5
#define ALLOW_EVERY 10

static FILE *open_file(char path[96], const char *name)
{
	static unsigned int number; /* several lists may be there at a time */
	FILE *file;

	snprintf(path, 96, SANDBOX_DIR "/%s-%u.list", name, number++);
	file = fopen(path, "w");
	if (!file)
		die("%s: %m", path);
	return file;
}

void lists_write(const struct prefix_list *list, const struct prefix_list *others,
		 size_t allow_every, struct list_files *ret_files)
{
	FILE *allow = open_file(ret_files->allow, "allow");
	FILE *block = open_file(ret_files->block, "block");
	FILE *changed = open_file(ret_files->changed_block, "changed");

	for (size_t i = 0; i < list->count; i++) {
		char text[PREFIX_TEXT_BYTES];
		bool is_replaced = others && i % 100 == 1;

		prefix_format_short(&list->prefixes[i], text);
		if (allow_every && i % allow_every == 0) {
			fprintf(allow, "%s\n", text);
			continue;
		}
		fprintf(block, "%s\n", text);
		if (is_replaced)
			prefix_format_short(&others->prefixes[i], text);
		fprintf(changed, "%s\n", text);
	}
	if (fclose(allow) || fclose(block) || fclose(changed))
		die("cannot write the list files: %m");
}

void lists_make(size_t count, struct prefix_list *ret_list, struct list_files *ret_files)
{
	struct prefix_list others = { .count = 0 };
	size_t count6 = count / IPV6_SHARE, count4 = count - count6;

	*ret_list = others;
	lists_append(ret_list, FAMILY_IPV4, DISTRIBUTION_MIXED, count4, 0);
	lists_append(ret_list, FAMILY_IPV6, DISTRIBUTION_MIXED, count6, 0);
	lists_append(&others, FAMILY_IPV4, DISTRIBUTION_MIXED, count4, count4);
	lists_append(&others, FAMILY_IPV6, DISTRIBUTION_MIXED, count6, count6);
	lists_write(ret_list, &others, ALLOW_EVERY, ret_files);
	lists_done(&others);
}

void lists_remove(const struct list_files *files)
{
	unlink(files->allow);
	unlink(files->block);
	unlink(files->changed_block);
}
