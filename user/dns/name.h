/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names as text and as DNS sends them. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_BYTES 254 /* of the text, with the zero */
#define DNS_WIRE_BYTES 255 /* of the form that DNS sends */

/* Write a name in lower case, without a dot at its end. Return: whether @text is one: labels of 1
 * to 63 visible characters of ASCII, 253 characters at most. */
bool dns_name_normalise(const char *text, size_t bytes, char ret_name[DNS_NAME_BYTES]);

/* Write a normalised name as DNS sends it. Return: the number of bytes. */
size_t dns_name_encode(const char *name, uint8_t ret_wire[DNS_WIRE_BYTES]);

/**
 * dns_name_decode() - read a name of a message, which may be compressed
 * @position: where it begins in @message
 * @ret_name: normalised; "" is the root, or a name with a character that no text can have
 *
 * Return: the number of bytes that it occupies at @position; 0: it is malformed.
 */
size_t dns_name_decode(const uint8_t *message, size_t bytes, size_t position,
		       char ret_name[DNS_NAME_BYTES]);

#endif
