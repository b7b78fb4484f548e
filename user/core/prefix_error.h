/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explains what is wrong with the text of a prefix. */
#ifndef CORE_PREFIX_ERROR_H
#define CORE_PREFIX_ERROR_H

#include "core/prefix.h"

/* Write what is wrong and what to do. If host bits are set, offer both readings: the network
 * and the single address. */
void prefix_error_message(enum prefix_error error, const char *text, size_t text_bytes,
			  char message[PREFIX_MESSAGE_BYTES]);

#endif
