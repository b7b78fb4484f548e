/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMAC-SHA256 by OpenSSL. */
#include "fleet/sign.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_mac(const struct fleet_signer *signer, const char *origin, const char *key,
		    const char *value, char digits[FLEET_MAC_DIGITS + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_bytes = sizeof(mac);
	char *text;
	/* None of these has a line end. */
	const int bytes = asprintf(&text, "%s\n%s\n%s\n%s", signer->cluster, origin, key, value);

	if (bytes < 0)
		return -ENOMEM;
	if (!HMAC(EVP_sha256(), signer->key, (int)strlen(signer->key), (const unsigned char *)text,
		  (size_t)bytes, mac, &mac_bytes)) {
		free(text);
		return -ENOMEM;
	}
	free(text);
	for (size_t i = 0; i < FLEET_MAC_DIGITS; i++)
		digits[i] = hex[(i % 2 ? mac[i / 2] : mac[i / 2] >> 4) & 0xf];
	digits[FLEET_MAC_DIGITS] = '\0';
	return 0;
}

int fleet_sign(const struct fleet_signer *signer, const char *origin, const char *key, char *value)
{
	char digits[FLEET_MAC_DIGITS + 1];
	char *end = value + strlen(value);
	int err = make_mac(signer, origin, key, value, digits);

	if (err)
		return err;
	*end = ' ';
	memcpy(end + 1, digits, sizeof(digits));
	return 0;
}

bool fleet_sign_check(const struct fleet_signer *signer, const char *origin, const char *key,
		      char *value)
{
	char digits[FLEET_MAC_DIGITS + 1];
	char *mac = strrchr(value, ' ');

	if (!mac || strlen(mac + 1) != FLEET_MAC_DIGITS)
		return false;
	*mac++ = '\0';
	return !make_mac(signer, origin, key, value, digits) &&
	       !CRYPTO_memcmp(digits, mac, FLEET_MAC_DIGITS);
}
