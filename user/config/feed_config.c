/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of feeds after it was read: their names, their sources, and finding them. */
#include "config/feed_config.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

const struct feed_kind_traits feed_kinds[] = {
	[FEED_OF_URL] = { "feed", "feeds", SOURCE_FEED },
	[FEED_OF_DOMAIN] = { "domain", "domains", SOURCE_DOMAIN },
};
_Static_assert(sizeof(feed_kinds) / sizeof(feed_kinds[0]) == FEED_KIND_COUNT, "all");

const char *const feed_space_names[] = {
	[FEED_SPACE_RESERVED] = "reserved",
	[FEED_SPACE_OWN] = "own",
};
_Static_assert(sizeof(feed_space_names) / sizeof(feed_space_names[0]) == FEED_SPACE_COUNT, "all");

const char *const space_choice_names[] = {
	[SPACE_HOLD] = "hold",
	[SPACE_CUT] = "cut",
	[SPACE_TAKE] = "take",
};
_Static_assert(sizeof(space_choice_names) / sizeof(space_choice_names[0]) == SPACE_CHOICE_COUNT,
	       "all");

void feed_config_done(struct feed_config *feed)
{
	free(feed->name);
	free(feed->list_name);
	free(feed->url);
	free(feed->user);
	free(feed->token_file);
	free(feed->header_file);
	free(feed->ca_file);
	free(feed->proxy);
	select_done(&feed->select);
}

void feeds_free(struct feed_config *feeds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		feed_config_done(&feeds[i]);
	free(feeds);
}

struct feed_configs config_feeds(const struct config *config, enum feed_kind kind)
{
	return kind == FEED_OF_DOMAIN
		   ? (struct feed_configs) { config->domains, config->domain_count }
		   : (struct feed_configs) { config->feeds, config->feed_count };
}

bool config_has_feeds(const struct config *config)
{
	bool has_feeds = false;

	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		has_feeds |= config_feeds(config, (enum feed_kind)kind).count > 0;
	return has_feeds;
}

const struct feed_config *feed_config_find(struct feed_configs feeds, const char *name)
{
	for (size_t i = 0; i < feeds.count; i++) {
		if (feeds.items[i].name && !strcmp(feeds.items[i].name, name))
			/* cppcheck-suppress returnDanglingLifetime ; the items outlive the struct
			 */
			return &feeds.items[i];
	}
	return NULL;
}
