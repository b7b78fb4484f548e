/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares what a client sends with what it must send, so that nothing of it is decoded. */
#include "http/credentials.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/token.h"

#define USER "ipwl:"

/* Write base64 (RFC 4648). Return: NULL: out of memory. */
static char *encode(const char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t bytes = strlen(text);
	char *code = malloc((bytes + 2) / 3 * 4 + 1);
	char *next = code;

	for (size_t i = 0; code && i < bytes; i += 3) {
		const size_t left = bytes - i;
		uint32_t group = (uint32_t)(unsigned char)text[i] << 16;

		if (left > 1)
			group |= (uint32_t)(unsigned char)text[i + 1] << 8;
		if (left > 2)
			group |= (unsigned char)text[i + 2];
		*next++ = digits[group >> 18];
		*next++ = digits[group >> 12 & 63];
		*next++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*next++ = left > 2 ? digits[group & 63] : '=';
	}
	if (code)
		*next = '\0';
	return code;
}

int credentials_read(const char *path, struct credentials *ret_credentials)
{
	char token[sizeof(USER) + TOKEN_BYTES_MAX] = USER;
	struct credentials credentials = { 0 };
	char *code;
	int err = token_read(path, token + strlen(USER));

	if (err)
		return err;
	code = encode(token);
	if (!code || asprintf(&credentials.basic, "Basic %s", code) < 0)
		credentials.basic = NULL;
	free(code);
	if (asprintf(&credentials.bearer, "Bearer %s", token + strlen(USER)) < 0)
		credentials.bearer = NULL;
	explicit_bzero(token, sizeof(token));
	if (!credentials.basic || !credentials.bearer) {
		credentials_done(&credentials);
		return -ENOMEM;
	}
	*ret_credentials = credentials;
	return 0;
}

void credentials_done(struct credentials *credentials)
{
	free(credentials->basic);
	free(credentials->bearer);
	*credentials = (struct credentials) { 0 };
}

/* Takes a time that depends only on the length of @given. */
static bool is_equal(const char *expected, const char *given)
{
	const size_t expected_bytes = expected ? strlen(expected) : 0;
	unsigned char difference = !expected_bytes;
	size_t i;

	for (i = 0; given[i] && expected_bytes; i++)
		difference |= (unsigned char)(given[i] ^ expected[i % expected_bytes]);
	return !difference && i == expected_bytes;
}

bool credentials_match(const struct credentials *credentials, const char *authorization)
{
	bool is_basic, is_bearer;

	if (!authorization)
		return false;
	/* Both, so that the time does not tell which is known. */
	is_basic = is_equal(credentials->basic, authorization);
	is_bearer = is_equal(credentials->bearer, authorization);
	return is_basic || is_bearer;
}
