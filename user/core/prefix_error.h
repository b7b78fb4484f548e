/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with the text of a prefix, in words. */
#ifndef CORE_PREFIX_ERROR_H
#define CORE_PREFIX_ERROR_H

#include "core/prefix.h"

/* Write what is wrong and what to do; for host bits it offers both readings,
 * the network and the single address. */
void prefix_error_message(enum prefix_error error, const char *text, size_t text_bytes,
			  char message[PREFIX_MESSAGE_BYTES]);

#endif
