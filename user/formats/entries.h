/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the entries of a list for another ipwl. Opens no file. */
#ifndef FORMATS_ENTRIES_H
#define FORMATS_ENTRIES_H

#include "formats/write.h"

/**
 * entries_write() - write the entries and exclusions of lists as JSON
 * @stream: the caller checks its error indicator afterwards
 * @ret_count: number of entries in the text, without exclusions
 *
 * A record has a prefix with "!" if it is an exclusion, a reason and an expiry. Entries of feeds
 * are left out: if two hosts fetch each other's list, an entry that both remove must go.
 *
 * Return: 0 or -ENOMEM.
 */
int entries_write(const struct export *export, FILE *stream, size_t *ret_count);

#endif
