/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are no list at all. */
#ifndef FORMATS_FOREIGN_H
#define FORMATS_FOREIGN_H

#include "formats/line_reader.h"

/* What the data is, and what to do, if its beginning can be of no list; else NULL. */
const char *foreign_find(const struct line_reader *lines, enum format format);

#endif
