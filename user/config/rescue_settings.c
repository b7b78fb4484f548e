/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds, compares and describes the zones of `rescue:`. */
#include "config/rescue_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

const struct rescue_zone *rescue_settings_find(const struct rescue_settings *settings,
					       const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (settings->zones[i].name && !strcmp(settings->zones[i].name, name))
			return &settings->zones[i];
	return NULL;
}

/* ---- as text ---------------------------------------------------------------------- */

static void write_number(FILE *stream, const char *key, uint32_t number, uint32_t usual)
{
	if (number != usual)
		fprintf(stream, ", %s %u", key, number);
}

static void write_seconds(FILE *stream, const char *key, uint32_t sec, uint32_t usual)
{
	char text[DURATION_TEXT_BYTES];

	if (sec != usual)
		fprintf(stream, ", %s %s", key, duration_format(sec, text));
}

static void write_zone(FILE *stream, const struct rescue_zone *zone)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(stream, "%s (list %s, ", zone->name, zone->list);
	if (zone->min_trust)
		fprintf(stream, "min_trust %s", trust_names[zone->min_trust]);
	for (size_t i = 0; i < zone->accept_count; i++)
		fprintf(stream, "%s%s", i ? " " : "accept ",
			prefix_format_short(&zone->accept[i], text));
	write_number(stream, "per_second", zone->per_second, RESCUE_DEFAULT_PER_SECOND);
	write_number(stream, "per_day", zone->per_day, RESCUE_DEFAULT_PER_DAY);
	write_seconds(stream, "min_time", zone->min_sec, RESCUE_DEFAULT_MIN_TIME_SEC);
	write_seconds(stream, "max_time", zone->max_sec, RESCUE_DEFAULT_MAX_TIME_SEC);
	write_seconds(stream, "retry", zone->retry_sec, RESCUE_DEFAULT_RETRY_SEC);
	write_number(stream, "max_entries", zone->max_entries, RESCUE_DEFAULT_MAX_ENTRIES);
	fputc(')', stream);
}

static char *zones_text(const struct rescue_zone *zones, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < count; i++) {
		if (i)
			fputs(", ", stream);
		write_zone(stream, &zones[i]);
	}
	return stream && !fclose(stream) ? text : NULL;
}

char *rescue_settings_text(const struct rescue_settings *settings)
{
	return zones_text(settings->zones, settings->count);
}

bool rescue_zone_is_same(const struct rescue_zone *a, const struct rescue_zone *b)
{
	char *of_a = zones_text(a, 1), *of_b = zones_text(b, 1);
	const bool is_same = of_a && of_b && !strcmp(of_a, of_b);

	free(of_a);
	free(of_b);
	return is_same;
}

void rescue_settings_done(struct rescue_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		free(settings->zones[i].name);
		free(settings->zones[i].list);
	}
	free(settings->zones);
}
