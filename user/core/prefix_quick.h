/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the usual forms of prefixes, because a large list has millions of them. */
#ifndef CORE_PREFIX_QUICK_H
#define CORE_PREFIX_QUICK_H

#include "core/prefix.h"

/* Parse a prefix as prefix_parse_raw() does, so also one with host bits. Return: false: the text is
 * of a rarer form, or wrong; @ret_prefix is untouched. */
bool prefix_parse_quick(const char *text, size_t text_bytes, struct prefix *ret_prefix);

#endif
