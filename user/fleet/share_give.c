/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a copy, part by part, then what is said of it: a host that finds that finds all parts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fleet/share_internal.h"

/* A host that is reading the former copy has so much time left. */
#define FORMER_SEC "60"

struct share_give {
	struct fleet_share *share;
	char name[FLEET_MAC_DIGITS + 1];
	struct fleet_copy copy;
	char *packed;
	size_t sent_count;
	char keep_sec[24];
	struct fleet_copy former; /* packed_count 0: none */
};

static void give_end(struct share_give *give)
{
	share_end_lease(give->share, give->name);
	free(give->packed);
	free(give);
}

/* Or end it, if the server is gone. */
static void give_send(struct share_give *give, size_t count, const char *const words[],
		      const size_t lengths[], redis_done *done)
{
	if (share_send(give->share, count, words, lengths, done, give))
		give_end(give);
}

/* Only one copy of a feed is kept. */
static void give_expire_former(struct share_give *give)
{
	char key[SHARE_KEY_BYTES];
	const char *words[] = { "EXPIRE", NULL, FORMER_SEC };

	if (!strcmp(give->former.digest, give->copy.digest))
		return;
	for (size_t offset = 0; offset < give->former.packed_count; offset += SHARE_PART_BYTES) {
		words[1] = share_part_key(give->share, give->name, &give->former, offset, key);
		share_send(give->share, 3, words, NULL, NULL, NULL);
	}
}

static void copy_is_written(struct redis_client *client, const struct redis_reply *reply,
			    void *argument)
{
	struct share_give *give = argument;

	(void)client;
	if (reply && reply->type == REDIS_STATUS) {
		if (give->copy.packed_count)
			give->share->state.given_count++;
		else
			give->share->state.large_count++;
		give_expire_former(give);
	}
	give_end(give);
}

static void give_text(struct share_give *give)
{
	char text[FLEET_COPY_TEXT_BYTES], key[SHARE_KEY_BYTES];
	const char *const words[] = { "SET", share_key(give->share, give->name, "", key), text,
				      "EX", give->keep_sec };

	if (fleet_copy_format(&give->copy, &give->share->signer, give->name, text))
		give_end(give);
	else
		give_send(give, 5, words, NULL, copy_is_written);
}

static void give_part(struct share_give *give);

static void part_is_written(struct redis_client *client, const struct redis_reply *reply,
			    void *argument)
{
	struct share_give *give = argument;

	(void)client;
	if (reply && reply->type == REDIS_STATUS)
		give_part(give);
	else
		give_end(give);
}

static void give_part(struct share_give *give)
{
	const size_t offset = give->sent_count, bytes = share_part_bytes(&give->copy, offset);
	char key[SHARE_KEY_BYTES];
	const char *const words[] = {
		"SET", share_part_key(give->share, give->name, &give->copy, offset, key),
		give->packed + offset, "EX", give->keep_sec
	};
	const size_t lengths[] = { 3, strlen(key), bytes, 2, strlen(give->keep_sec) };

	if (!bytes) {
		give_text(give);
		return;
	}
	give->sent_count += bytes;
	give_send(give, 5, words, lengths, part_is_written);
}

static void former_is_read(struct redis_client *client, const struct redis_reply *reply,
			   void *argument)
{
	struct share_give *give = argument;

	(void)client;
	if (!reply) {
		give_end(give);
		return;
	}
	if (reply->type == REDIS_STRING)
		fleet_copy_parse(reply->text, &give->share->signer, give->name, &give->former);
	/* Another host has asked the source later, and was faster. */
	if (give->former.checked_at_sec > give->copy.checked_at_sec &&
	    give->former.checked_at_sec <= time_now_sec())
		give_end(give);
	else
		give_part(give);
}

void fleet_share_give(struct fleet_share *share, const char *feed, const struct fleet_copy *copy,
		      char *packed, int64_t keep_sec)
{
	struct share_give *give = calloc(1, sizeof(*give));
	char key[SHARE_KEY_BYTES];
	const char *words[] = { "GET", key };

	if (!give || fleet_copy_name(&share->signer, feed, give->name)) {
		free(packed);
		free(give);
		return;
	}
	give->share = share;
	give->copy = *copy;
	give->packed = packed;
	snprintf(give->keep_sec, sizeof(give->keep_sec), "%" PRId64, keep_sec);
	share_key(share, give->name, "", key);
	give_send(give, 2, words, NULL, former_is_read);
}

void fleet_share_give_up(struct fleet_share *share, const char *feed)
{
	char name[FLEET_MAC_DIGITS + 1];

	if (!fleet_copy_name(&share->signer, feed, name))
		share_end_lease(share, name);
}
