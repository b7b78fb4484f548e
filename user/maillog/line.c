/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the head of a log line. A line of another program than Postfix costs little. */
#include "maillog/line.h"

#include <string.h>
#include <time.h>

#define HOUR_BYTES 9	     /* "Nov 28 21" */
#define TRADITIONAL_BYTES 15 /* "Nov 28 21:33:05" */
#define RFC3339_BYTES_MIN 20 /* "2026-11-28T21:33:05Z" */
#define DAY_SEC 86400
/* Clocks of hosts that log to one file differ. */
#define FUTURE_SEC DAY_SEC
/* 29 February may be eight years ago. */
#define YEARS_BACK 8

/* ---- time ----------------------------------------------------------------- */

/* Two digits, or -1. */
static int two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + text[1] - '0';
}

static int find_month(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (!memcmp(text, names + (size_t)i * 3, 3))
			return i;
	return -1;
}

/* The newest time of that name which is not in the future. */
static bool find_hour(const struct log_clock *clock, int month, int day, int hour, int64_t *ret_sec)
{
	const time_t latest = (time_t)(clock->now_sec + FUTURE_SEC);
	struct tm now;

	if (!localtime_r(&latest, &now))
		return false;
	for (int back = 0; back <= YEARS_BACK; back++) {
		struct tm tm = { .tm_year = now.tm_year - back,
				 .tm_mon = month,
				 .tm_mday = day,
				 .tm_hour = hour,
				 .tm_isdst = -1 };
		const time_t sec = mktime(&tm);

		if (sec == (time_t)-1 || sec > latest || tm.tm_mday != day)
			continue;
		*ret_sec = sec;
		return true;
	}
	return false;
}

static bool scan_traditional(struct log_clock *clock, struct scan *scan, int64_t *ret_sec)
{
	const char *text = scan->at;
	int month, day, hour, minute, sec;

	if (scan->end - scan->at <= TRADITIONAL_BYTES || text[3] != ' ' || text[6] != ' ' ||
	    text[9] != ':' || text[12] != ':' || text[15] != ' ')
		return false;
	minute = two_digits(text + 10);
	sec = two_digits(text + 13);
	if (minute < 0 || minute > 59 || sec < 0 || sec > 60)
		return false;
	if (memcmp(clock->hour, text, HOUR_BYTES) != 0) {
		const char digits[2] = { text[4] == ' ' ? '0' : text[4], text[5] };

		month = find_month(text);
		day = two_digits(digits);
		hour = two_digits(text + 7);
		if (month < 0 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
		    !find_hour(clock, month, day, hour, &clock->hour_sec))
			return false;
		memcpy(clock->hour, text, HOUR_BYTES);
	}
	*ret_sec = clock->hour_sec + minute * 60 + sec;
	scan->at += TRADITIONAL_BYTES;
	return true;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t count_days(int year, int month, int day)
{
	/* Years begin in March, so that the leap day is the last one. */
	const int64_t y = month > 2 ? year : year - 1;
	const int64_t era = y / 400, year_of_era = y - era * 400;
	const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* Read "Z", "+01:00" or "+0100". */
static bool scan_zone(struct scan *scan, int *ret_offset_sec)
{
	const int sign = scan->at < scan->end && *scan->at == '-' ? -1 : 1;
	int hours, minutes;
	const char *text = scan->at;

	*ret_offset_sec = 0;
	if (scan_word(scan, "Z"))
		return true;
	if (scan->end - text < 6 || (*text != '+' && *text != '-'))
		return false;
	hours = two_digits(text + 1);
	minutes = two_digits(text + (text[3] == ':' ? 4 : 3));
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ret_offset_sec = sign * (hours * 3600 + minutes * 60);
	scan->at += text[3] == ':' ? 6 : 5;
	return true;
}

static bool scan_rfc3339(struct scan *scan, int64_t *ret_sec)
{
	const char *text = scan->at;
	struct scan rest = { scan->at + RFC3339_BYTES_MIN - 1, scan->end };
	int century, year, month, day, hour, minute, sec, offset_sec;

	if (scan->end - scan->at < RFC3339_BYTES_MIN || text[4] != '-' || text[7] != '-' ||
	    text[10] != 'T' || text[13] != ':' || text[16] != ':')
		return false;
	century = two_digits(text);
	year = two_digits(text + 2);
	month = two_digits(text + 5);
	day = two_digits(text + 8);
	hour = two_digits(text + 11);
	minute = two_digits(text + 14);
	sec = two_digits(text + 17);
	if (century < 19 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || sec < 0 || sec > 60)
		return false;
	if (scan_word(&rest, "."))
		while (rest.at < rest.end && *rest.at >= '0' && *rest.at <= '9')
			rest.at++;
	if (!scan_zone(&rest, &offset_sec))
		return false;
	*ret_sec = count_days(century * 100 + year, month, day) * DAY_SEC + hour * 3600 +
		   minute * 60 + sec - offset_sec;
	*scan = rest;
	return *ret_sec >= 0;
}

/* ---- tag ------------------------------------------------------------------ */

bool log_tag_read(const char *tag, size_t bytes, struct log_line *ret_line)
{
	const char *slash = memrchr(tag, '/', bytes);
	const char *before;
	size_t instance_bytes;

	if (!slash || slash == tag || slash + 1 == tag + bytes)
		return false;
	instance_bytes = (size_t)(slash - tag);
	before = memrchr(tag, '/', instance_bytes);
	before = before ? before + 1 : tag;
	ret_line->service = (struct span) { slash + 1, (size_t)(tag + bytes - slash - 1) };
	ret_line->instance = (struct span) { before, (size_t)(slash - before) };
	return true;
}

/* Skip the name of the host, and read "postfix/smtpd[1201]: ". */
static bool scan_tag(struct scan *scan, struct log_line *line)
{
	const char *at = memchr(scan->at, ' ', (size_t)(scan->end - scan->at));
	const char *tag;
	uint32_t pid;

	if (!at || at == scan->at)
		return false;
	for (tag = ++at; at<scan->end && * at> ' ' && *at != '[' && *at != ':'; at++)
		;
	if (at == tag || !log_tag_read(tag, (size_t)(at - tag), line))
		return false;
	scan->at = at;
	if (scan_word(scan, "[") && (!scan_number(scan, &pid) || !scan_word(scan, "]")))
		return false;
	return scan_word(scan, ": ");
}

bool log_line_read(struct log_clock *clock, const char *text, size_t bytes,
		   struct log_line *ret_line)
{
	struct scan scan = { text, text + bytes };

	/* A file that was truncated while it was open for writing begins with zeros. */
	while (scan.at < scan.end && !*scan.at)
		scan.at++;
	if (!scan_rfc3339(&scan, &ret_line->at_sec) &&
	    !scan_traditional(clock, &scan, &ret_line->at_sec))
		return false;
	if (!scan_word(&scan, " ") || !scan_tag(&scan, ret_line))
		return false;
	ret_line->message = scan;
	return true;
}
