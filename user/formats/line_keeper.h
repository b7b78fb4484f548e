/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a list again: keeps the entries of lines that have not changed. */
#ifndef FORMATS_LINE_KEEPER_H
#define FORMATS_LINE_KEEPER_H

#include <stdbool.h>

#include "formats/line_prints.h"
#include "formats/read.h"

struct line_keeper;

/**
 * line_keeper_new() - prepare to read a list line by line
 * @former: an earlier reading with the same result for the same lines; NULL: none
 * @origin: of the entries, then and now
 * @prints: without lines; gets the prints of the lines that are read
 *
 * All must outlive the keeper. Return: the keeper; NULL: out of memory.
 */
struct line_keeper *line_keeper_new(const struct format_former *former, const char *origin,
				    struct line_prints *prints);
/* NULL is fine. */
void line_keeper_free(struct line_keeper *keeper);

/* The print of a line, for the functions below. */
uint64_t line_keeper_print(const struct line_keeper *keeper, const char *text, size_t bytes);

/* Keep the entry of the next line if that has this print, like a former line. Return false if there
 * is none, or if it is not found soon: then the line must be read. */
bool line_keeper_keep(struct line_keeper *keeper, uint32_t line, uint64_t print);

/* Keep the former entry that differs from @entry at most in its line. Return false if there is
 * none, or if it is not found soon: then @entry must be added. */
bool line_keeper_keep_entry(struct line_keeper *keeper, const struct entry *entry);

/* Note the print of the next line; 0: its entry must not be kept. That is so unless the line has
 * exactly one entry, and no other effect. Return: 0 or -ENOMEM. */
int line_keeper_note(struct line_keeper *keeper, uint64_t print);

/**
 * line_keeper_finish() - add the kept entries to a set, and collapse it
 * @set: not finished
 * @from: index of the first entry of this list; they were added line by line
 * @duplicate_count: of this list; increased, see entry_set_collapse()
 *
 * The result is the same as if all lines had been read. Return: 0; -ENOMEM; -EINVAL: an entry is
 * missing in the former set.
 */
int line_keeper_finish(struct line_keeper *keeper, struct entry_set *set, size_t from,
		       size_t *duplicate_count);

#endif
