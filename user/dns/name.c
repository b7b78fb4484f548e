/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes domain names (RFC 1035, sections 3.1 and 4.1.4). */
#include "dns/name.h"

#include <string.h>

#define LABEL_MAX 63
#define POINTER_BITS 0xc0
/* More than a valid message can need: each pointer leads to an earlier label. */
#define POINTERS_MAX 127

static bool is_name_char(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '.';
}

static char lower(unsigned char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool dns_name_normalise(const char *text, size_t bytes, char ret_name[DNS_NAME_BYTES])
{
	char name[DNS_NAME_BYTES];
	size_t label = 0;

	if (bytes && text[bytes - 1] == '.')
		bytes--;
	if (bytes >= DNS_NAME_BYTES)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '.' ? !label : !is_name_char(c) || ++label > LABEL_MAX)
			return false;
		if (c == '.')
			label = 0;
		name[i] = lower(c);
	}
	if (!label)
		return false;
	memcpy(ret_name, name, bytes);
	ret_name[bytes] = '\0';
	return true;
}

size_t dns_name_encode(const char *name, uint8_t ret_wire[DNS_WIRE_BYTES])
{
	size_t bytes = 0;

	while (*name) {
		const size_t label = strcspn(name, ".");

		ret_wire[bytes++] = (uint8_t)label;
		memcpy(ret_wire + bytes, name, label);
		bytes += label;
		name += label + (name[label] == '.');
	}
	ret_wire[bytes++] = 0;
	return bytes;
}

/* Append a label to a text. Return: the new length; DNS_NAME_BYTES: the name has no text. */
static size_t append_label(char name[DNS_NAME_BYTES], size_t length, const uint8_t *label,
			   size_t label_bytes)
{
	if (length + (length > 0) + label_bytes >= DNS_NAME_BYTES)
		return DNS_NAME_BYTES;
	if (length)
		name[length++] = '.';
	for (size_t i = 0; i < label_bytes; i++) {
		if (!is_name_char(label[i]))
			return DNS_NAME_BYTES;
		name[length++] = lower(label[i]);
	}
	return length;
}

size_t dns_name_decode(const uint8_t *message, size_t bytes, size_t position,
		       char ret_name[DNS_NAME_BYTES])
{
	const size_t start = position;
	size_t length = 0, occupied = 0, pointers = 0, wire_bytes = 1;

	while (position < bytes && message[position]) {
		const size_t label = message[position];

		if ((label & POINTER_BITS) == POINTER_BITS) {
			if (position + 1 >= bytes || ++pointers > POINTERS_MAX)
				return 0;
			if (!occupied)
				occupied = position + 2 - start;
			position = (label & ~(size_t)POINTER_BITS) << 8 | message[position + 1];
			continue;
		}
		wire_bytes += label + 1;
		if (label > LABEL_MAX || position + label >= bytes || wire_bytes > DNS_WIRE_BYTES)
			return 0;
		if (length < DNS_NAME_BYTES)
			length = append_label(ret_name, length, message + position + 1, label);
		position += label + 1;
	}
	if (position >= bytes)
		return 0;
	ret_name[length < DNS_NAME_BYTES ? length : 0] = '\0';
	return occupied ? occupied : position + 1 - start;
}
