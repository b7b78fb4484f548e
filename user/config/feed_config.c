/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of feeds after it was read: their names, their sources, and finding them. */
#include "config/feed_config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"

#define HTTPS "https://"

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
	for (size_t i = 0; i < feed->mirror_count; i++)
		free(feed->mirrors[i]);
	free(feed->user);
	free(feed->token_file);
	free(feed->header_file);
	free(feed->ca_file);
	free(feed->proxy);
	select_done(&feed->select);
}

const char *feed_config_url(const struct feed_config *feed, size_t index)
{
	if (!index)
		return feed->url;
	return index <= feed->mirror_count ? feed->mirrors[index - 1] : NULL;
}

bool feed_config_has_url(const struct feed_config *feed, const char *url)
{
	const char *own;

	for (size_t i = 0; url && (own = feed_config_url(feed, i)); i++)
		if (!strcmp(own, url))
			return true;
	return false;
}

/* The host and port of a URL, as written. Others that mean the same count as different. */
static const char *authority_of(const char *url, size_t *ret_bytes)
{
	const char *start = strstr(url, "://") + strlen("://");

	*ret_bytes = strcspn(start, "/?#");
	return start;
}

bool feed_config_trusts(const struct feed_config *feed, const char *url)
{
	const bool is_https = !strncmp(url, HTTPS, sizeof(HTTPS) - 1);
	size_t own_bytes, bytes;
	const char *own, *other;

	if (is_https != !strncmp(feed->url, HTTPS, sizeof(HTTPS) - 1))
		return false;
	if (!is_https && !(feed_url_is_loopback(url) && feed_url_is_loopback(feed->url)))
		return false;
	own = authority_of(feed->url, &own_bytes);
	other = authority_of(url, &bytes);
	return own_bytes == bytes && !strncasecmp(own, other, bytes);
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
