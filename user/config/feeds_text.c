/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes the feeds of a list, so that two configurations can be compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/parts.h"

static void write_word(FILE *stream, const char *key, const char *value)
{
	if (value)
		fprintf(stream, ", %s %s", key, value);
}

static void write_number(FILE *stream, const char *key, uint32_t number, uint32_t usual)
{
	if (number != usual)
		fprintf(stream, ", %s %u", key, number);
}

static void write_duration(FILE *stream, const char *key, uint32_t sec, const char *usual)
{
	char text[DURATION_TEXT_BYTES];
	int64_t usual_sec = 0;

	if (duration_parse(usual, &usual_sec) || sec != usual_sec)
		fprintf(stream, ", %s %s", key, duration_format(sec, text));
}

static void write_guards(FILE *stream, const struct feed_guards *guards)
{
	write_word(stream, "may_be_empty", guards->may_be_empty ? "true" : NULL);
	write_number(stream, "max_shrink", guards->max_shrink_percent, FEED_DEFAULT_MAX_SHRINK);
	write_number(stream, "max_growth", guards->max_growth_factor, FEED_DEFAULT_MAX_GROWTH);
	write_word(stream, "check_count", guards->checks_count ? NULL : "false");
	write_number(stream, "min_ipv4_length", guards->min_len[FAMILY_IPV4],
		     FEED_DEFAULT_MIN_IPV4_LENGTH);
	write_number(stream, "min_ipv6_length", guards->min_len[FAMILY_IPV6],
		     FEED_DEFAULT_MIN_IPV6_LENGTH);
	for (int space = 0; space < FEED_SPACE_COUNT; space++)
		if (guards->spaces[space] != SPACE_HOLD)
			write_word(stream, feed_space_names[space],
				   space_choice_names[guards->spaces[space]]);
	write_word(stream, "may_hold_protected", guards->may_hold_protected ? "true" : NULL);
}

static void write_select(FILE *stream, const struct select *select)
{
	char *text = select_text(select);

	if (text && *text)
		fprintf(stream, ", select {%s}", text);
	free(text);
}

static void write_mirrors(FILE *stream, const struct feed_config *feed)
{
	for (size_t i = 0; i < feed->mirror_count; i++)
		fprintf(stream, "%s%s", i ? " " : ", mirrors [", feed->mirrors[i]);
	if (feed->mirror_count)
		fputc(']', stream);
}

static void write_feed(FILE *stream, const struct feed_config *feed)
{
	fprintf(stream, "%s (url %s", feed->name, feed->url);
	write_mirrors(stream, feed);
	write_word(stream, "format", feed->format ? format_names[feed->format] : NULL);
	write_word(stream, "on_error", feed->skips_errors ? "skip" : NULL);
	write_select(stream, &feed->select);
	write_word(stream, "min_trust", trust_names[feed->min_trust]);
	write_duration(stream, "refresh", feed->refresh_sec, FEED_DEFAULT_REFRESH);
	write_duration(stream, "timeout", feed->timeout_sec, FEED_DEFAULT_TIMEOUT);
	write_number(stream, "max_bytes", feed->max_bytes, FEED_DEFAULT_MAX_BYTES);
	write_word(stream, "user", feed->user);
	write_word(stream, "token_file", feed->token_file);
	write_word(stream, "header_file", feed->header_file);
	write_word(stream, "ca_file", feed->ca_file);
	write_word(stream, "proxy", feed->proxy);
	write_guards(stream, &feed->guards);
	fputc(')', stream);
}

static void write_seconds(FILE *stream, const char *key, uint32_t sec, uint32_t usual)
{
	char text[DURATION_TEXT_BYTES];

	if (sec != usual)
		fprintf(stream, ", %s %s", key, duration_format(sec, text));
}

static void write_domain(FILE *stream, const struct feed_config *domain)
{
	const struct feed_guards *guards = &domain->guards;
	const enum space_choice reserved = guards->spaces[FEED_SPACE_RESERVED];
	char *text = NULL;
	size_t size;
	FILE *settings = open_memstream(&text, &size);

	fputs(domain->name, stream);
	if (!settings)
		return;
	write_seconds(settings, "min_refresh", domain->refresh_sec, DOMAIN_DEFAULT_MIN_REFRESH_SEC);
	write_seconds(settings, "max_refresh", domain->refresh_max_sec,
		      DOMAIN_DEFAULT_MAX_REFRESH_SEC);
	write_seconds(settings, "gone_after", domain->gone_after_sec,
		      DOMAIN_DEFAULT_GONE_AFTER_SEC);
	write_number(settings, "min_ipv4_length", guards->min_len[FAMILY_IPV4],
		     DOMAIN_DEFAULT_MIN_IPV4_LENGTH);
	write_number(settings, "min_ipv6_length", guards->min_len[FAMILY_IPV6],
		     DOMAIN_DEFAULT_MIN_IPV6_LENGTH);
	write_word(settings, "reserved",
		   reserved != SPACE_CUT ? space_choice_names[reserved] : NULL);
	write_word(settings, "shared", domain->shared ? shared_choice_names[domain->shared] : NULL);
	write_word(settings, "may_be_empty", guards->may_be_empty ? "true" : NULL);
	write_number(settings, "max_shrink", guards->max_shrink_percent, FEED_DEFAULT_MAX_SHRINK);
	write_number(settings, "max_growth", guards->max_growth_factor, FEED_DEFAULT_MAX_GROWTH);
	if (!fclose(settings) && size)
		fprintf(stream, " (%s)", text + 2);
	free(text);
}

char *feeds_text(const struct config *config, enum feed_kind kind, const char *list)
{
	const struct feed_configs feeds = config_feeds(config, kind);
	char *text = NULL;
	size_t size, count = 0;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < feeds.count; i++) {
		if (strcmp(feeds.items[i].list_name, list) != 0)
			continue;
		if (count++)
			fputs(", ", stream);
		if (kind == FEED_OF_DOMAIN)
			write_domain(stream, &feeds.items[i]);
		else
			write_feed(stream, &feeds.items[i]);
	}
	return stream && !fclose(stream) ? text : NULL;
}
