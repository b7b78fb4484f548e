/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises files that are not lists. */
#ifndef FORMATS_FOREIGN_H
#define FORMATS_FOREIGN_H

#include "formats/line_reader.h"

/* If the data cannot be a list, say what it is and what to do; else return NULL. Only the
 * beginning of the data is examined. */
const char *foreign_find(const struct line_reader *lines, enum format format);

#endif
