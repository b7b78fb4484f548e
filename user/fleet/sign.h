/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authenticates texts by HMAC-SHA256 with the key of the fleet. */
#ifndef FLEET_SIGN_H
#define FLEET_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "fleet/record.h"

/* As hexadecimal digits, without the terminating zero: half of the MAC, as RFC 2104 allows. */
#define FLEET_MAC_DIGITS 32
#define FLEET_SIGNED_BYTES (FLEET_VALUE_BYTES + 1 + FLEET_MAC_DIGITS)

struct fleet_signer {
	const char *key;     /* ends with a zero; "": none, which `insecure: true` permits */
	const char *cluster; /* a record of another fleet is not valid here */
};

/**
 * fleet_sign() - add a blank and the MAC to a value
 * @origin: the host, @key: its key in Redis; both are authenticated, too
 * @value: has room for FLEET_MAC_DIGITS + 2 more bytes
 *
 * Return: 0 or -ENOMEM.
 */
int fleet_sign(const struct fleet_signer *signer, const char *origin, const char *key, char *value);

/* Check the MAC of a value and cut it off. Return: whether it is right. */
bool fleet_sign_check(const struct fleet_signer *signer, const char *origin, const char *key,
		      char *value);

#endif
