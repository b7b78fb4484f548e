/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole numbers of the command line. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Parse all of @text as a decimal number from @min to @max, neither below 0. */
bool number_parse_whole(const char *text, int64_t min, int64_t max, int64_t *ret_number);

#endif
