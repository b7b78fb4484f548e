/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and durations after which entries expire. */
#include "formats/expiry.h"

#include <string.h>
#include <time.h>

#include "base/duration.h"

/* Whether the text after the seconds says UTC, perhaps after a fraction of a second. */
static bool is_utc(const char *end)
{
	if (*end == '.') {
		for (end++; is_digit(*end);)
			end++;
	}
	while (*end == ' ')
		end++;
	return !strcmp(end, "Z") || !strcmp(end, "UTC") || !strcmp(end, "+00:00") ||
	       !strcmp(end, "+0000 UTC");
}

/* "2026-11-24T05:30:00Z" */
static bool parse_time(const struct token *field, int64_t *ret_sec)
{
	struct tm tm = { 0 };
	char text[48];
	const char *end;

	if (field->bytes >= sizeof(text))
		return false;
	memcpy(text, field->text, field->bytes);
	text[field->bytes] = '\0';
	end = strptime(text, "%Y-%m-%d", &tm);
	if (!end || (*end != 'T' && *end != ' '))
		return false;
	end = strptime(end + 1, "%H:%M:%S", &tm);
	if (!end || !is_utc(end))
		return false;
	*ret_sec = timegm(&tm);
	return true;
}

int64_t expiry_after(const struct reading *reading, int64_t sec)
{
	const struct format_input *input = reading->input;
	int64_t from = input->written_at_sec ? input->written_at_sec : input->now_sec;

	return from + sec > 0 ? from + sec : 1;
}

bool expiry_read(struct reading *reading, const struct token *field, int64_t *ret_expires_sec)
{
	int64_t sec;

	if (field->bytes == 0 || token_is_word(field, "never"))
		return true;
	if (parse_time(field, ret_expires_sec))
		return true;
	if (!duration_parse_signed(field->text, field->bytes, &sec)) {
		reading_bad(
		    reading, field->position + 1,
		    "\"%.*s\" is not an expiration: write a duration such as 30d or 1h30m, a "
		    "time such as 2026-12-31T23:59:59Z, or nothing",
		    (int)field->bytes, field->text);
		return false;
	}
	*ret_expires_sec = expiry_after(reading, sec);
	return true;
}
