/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of feeds as text, and packed by zlib. What is read must be what would be written. */
#include "fleet/copy.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/number.h"

/* What is signed in the place of a host: names of hosts have no blank. */
#define COPY_ORIGIN "a copy"
#define NAME_ORIGIN "a feed"
#define SOURCE_ORIGIN "a source"
#define COPY_WORDS "1 "

static int write_mac(const struct fleet_signer *signer, const char *origin, const char *text,
		     char digits[FLEET_MAC_DIGITS + 1])
{
	char mac[FLEET_MAC_DIGITS + 2] = "";
	int err = fleet_sign(signer, origin, text, mac);

	if (!err)
		memcpy(digits, mac + 1, FLEET_MAC_DIGITS + 1);
	return err;
}

int fleet_copy_name(const struct fleet_signer *signer, const char *feed,
		    char name[FLEET_MAC_DIGITS + 1])
{
	return write_mac(signer, NAME_ORIGIN, feed, name);
}

int fleet_copy_source(const struct fleet_signer *signer, const char *url,
		      char source[FLEET_MAC_DIGITS + 1])
{
	return write_mac(signer, SOURCE_ORIGIN, url, source);
}

/* ---- text --------------------------------------------------------------------------- */

static void write_text(const struct fleet_copy *copy, char text[FLEET_COPY_TEXT_BYTES])
{
	snprintf(text, FLEET_COPY_TEXT_BYTES, COPY_WORDS "%s %zu %zu %" PRId64 " %s %s\n%s\n%s",
		 copy->digest, copy->byte_count, copy->packed_count, copy->checked_at_sec,
		 copy->host, copy->source, copy->etag, copy->last_modified);
}

int fleet_copy_format(const struct fleet_copy *copy, const struct fleet_signer *signer,
		      const char *name, char text[FLEET_COPY_TEXT_BYTES])
{
	if (strchr(copy->etag, '\n') || strchr(copy->last_modified, '\n') ||
	    strpbrk(copy->host, " \n"))
		return -EINVAL;
	write_text(copy, text);
	return fleet_sign(signer, COPY_ORIGIN, name, text);
}

/* Return: whether @text had room. */
static bool take_part(char **rest, const char *end, char *text, size_t text_bytes)
{
	const char *part = strsep(rest, end);
	const size_t bytes = part ? strlen(part) : text_bytes;

	if (bytes >= text_bytes)
		return false;
	memcpy(text, part, bytes + 1);
	return true;
}

static bool take_count(char **rest, int64_t max, int64_t *ret_count)
{
	const char *part = strsep(rest, " ");

	return part && number_parse(part, 0, max, ret_count);
}

int fleet_copy_parse(char *text, const struct fleet_signer *signer, const char *name,
		     struct fleet_copy *ret_copy)
{
	struct fleet_copy copy = { 0 };
	char again[FLEET_COPY_TEXT_BYTES], whole[FLEET_COPY_TEXT_BYTES];
	char *rest = whole + strlen(COPY_WORDS);
	int64_t byte_count, packed_count;

	if (strlen(text) >= sizeof(whole) || !fleet_sign_check(signer, COPY_ORIGIN, name, text) ||
	    strncmp(text, COPY_WORDS, strlen(COPY_WORDS)) != 0)
		return -EINVAL;
	memcpy(whole, text, strlen(text) + 1);
	if (!take_part(&rest, " ", copy.digest, sizeof(copy.digest)) ||
	    strspn(copy.digest, "0123456789abcdef") != FLEET_DIGEST_DIGITS ||
	    !take_count(&rest, (int64_t)FLEET_COPY_BYTES_MAX, &byte_count) ||
	    !take_count(&rest, (int64_t)FLEET_PACKED_BYTES_MAX, &packed_count) ||
	    !take_count(&rest, INT64_MAX, &copy.checked_at_sec) ||
	    !take_part(&rest, " ", copy.host, sizeof(copy.host)) ||
	    !take_part(&rest, "\n", copy.source, sizeof(copy.source)) ||
	    !take_part(&rest, "\n", copy.etag, sizeof(copy.etag)) ||
	    !take_part(&rest, "\n", copy.last_modified, sizeof(copy.last_modified)))
		return -EINVAL;
	copy.byte_count = (size_t)byte_count;
	copy.packed_count = (size_t)packed_count;
	write_text(&copy, again);
	if (strcmp(text, again) != 0)
		return -EINVAL;
	*ret_copy = copy;
	return 0;
}

/* ---- packed ------------------------------------------------------------------------- */

static int write_digest(const char *bytes, size_t byte_count, char digest[FLEET_DIGEST_DIGITS + 1])
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(bytes, byte_count, hash, NULL, EVP_sha256(), NULL))
		return -ENOMEM;
	for (size_t i = 0; i < FLEET_DIGEST_DIGITS / 2; i++)
		snprintf(digest + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

int fleet_copy_pack(const char *bytes, size_t byte_count, struct fleet_copy *copy,
		    char **ret_packed)
{
	uLongf packed_count = compressBound(byte_count);
	char *packed;
	int err;

	if (byte_count > FLEET_COPY_BYTES_MAX)
		return -EFBIG;
	packed = malloc(packed_count);
	if (!packed)
		return -ENOMEM;
	err = write_digest(bytes, byte_count, copy->digest);
	if (!err && compress2((Bytef *)packed, &packed_count, (const Bytef *)bytes, byte_count,
			      Z_BEST_SPEED) != Z_OK)
		err = -ENOMEM;
	if (!err && packed_count > FLEET_PACKED_BYTES_MAX)
		err = -EFBIG;
	if (err) {
		free(packed);
		return err;
	}
	copy->byte_count = byte_count;
	copy->packed_count = packed_count;
	*ret_packed = packed;
	return 0;
}

void fleet_copy_make_large(struct fleet_copy *copy)
{
	memset(copy->digest, '0', FLEET_DIGEST_DIGITS);
	copy->digest[FLEET_DIGEST_DIGITS] = '\0';
	copy->byte_count = copy->packed_count = 0;
}

int fleet_copy_unpack(const struct fleet_copy *copy, const char *packed, char **ret_bytes)
{
	char digest[FLEET_DIGEST_DIGITS + 1];
	uLongf byte_count = copy->byte_count;
	char *bytes = malloc(copy->byte_count + 1);
	int result, err;

	if (!bytes)
		return -ENOMEM;
	result = uncompress((Bytef *)bytes, &byte_count, (const Bytef *)packed, copy->packed_count);
	err = result == Z_MEM_ERROR ? -ENOMEM
	      : result != Z_OK || byte_count != copy->byte_count
		  ? -EBADMSG
		  : write_digest(bytes, byte_count, digest);
	if (!err && strcmp(digest, copy->digest) != 0)
		err = -EBADMSG;
	if (err)
		free(bytes);
	else
		*ret_bytes = bytes;
	return err;
}
