/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the head of a log line. A line of another program than the mail server costs little. */
#include "maillog/line.h"

#include <string.h>
#include <time.h>

#define HOUR_BYTES 9	     /* "Nov 28 21" */
#define LONG_HOUR_BYTES 13   /* "2026-11-28 21" */
#define TRADITIONAL_BYTES 15 /* "Nov 28 21:33:05" */
#define RFC3339_BYTES_MIN 20 /* "2026-11-28T21:33:05Z" */
#define EXIM_BYTES 19	     /* "2026-11-28 21:33:05" */
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
		memset(clock->hour, 0, sizeof(clock->hour));
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

/* The parts of "2026-11-28T21:33:05", or another character instead of the "T". */
struct date {
	int year, month, day, hour, minute, sec;
};

static bool scan_date(struct scan *scan, char separator, struct date *date)
{
	const char *text = scan->at;
	int century, year;

	if (scan->end - text < EXIM_BYTES || text[4] != '-' || text[7] != '-' ||
	    text[10] != separator || text[13] != ':' || text[16] != ':')
		return false;
	century = two_digits(text);
	year = two_digits(text + 2);
	*date =
	    (struct date) { century * 100 + year,  two_digits(text + 5),  two_digits(text + 8),
			    two_digits(text + 11), two_digits(text + 14), two_digits(text + 17) };
	if (century < 19 || year < 0 || date->month < 1 || date->month > 12 || date->day < 1 ||
	    date->day > 31 || date->hour < 0 || date->hour > 23 || date->minute < 0 ||
	    date->minute > 59 || date->sec < 0 || date->sec > 60)
		return false;
	scan->at += EXIM_BYTES;
	return true;
}

static int64_t date_sec(const struct date *date)
{
	return count_days(date->year, date->month, date->day) * DAY_SEC + date->hour * 3600 +
	       date->minute * 60 + date->sec;
}

static void skip_fraction(struct scan *scan)
{
	if (scan_word(scan, "."))
		while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
			scan->at++;
}

static bool scan_rfc3339(struct scan *scan, int64_t *ret_sec)
{
	struct scan rest = *scan;
	struct date date;
	int offset_sec;

	if (scan->end - scan->at < RFC3339_BYTES_MIN || !scan_date(&rest, 'T', &date))
		return false;
	skip_fraction(&rest);
	if (!scan_zone(&rest, &offset_sec))
		return false;
	*ret_sec = date_sec(&date) - offset_sec;
	*scan = rest;
	return *ret_sec >= 0;
}

/* The time of a local date. Only the hour is looked up. */
static bool local_sec(struct log_clock *clock, const char *text, const struct date *date,
		      int64_t *ret_sec)
{
	if (memcmp(clock->hour, text, LONG_HOUR_BYTES) != 0) {
		struct tm tm = { .tm_year = date->year - 1900,
				 .tm_mon = date->month - 1,
				 .tm_mday = date->day,
				 .tm_hour = date->hour,
				 .tm_isdst = -1 };

		clock->hour_sec = mktime(&tm);
		if (clock->hour_sec < 0)
			return false;
		memcpy(clock->hour, text, LONG_HOUR_BYTES);
	}
	*ret_sec = clock->hour_sec + date->minute * 60 + date->sec;
	return true;
}

bool log_time_read(struct log_clock *clock, struct scan *scan, int64_t *ret_sec)
{
	struct scan rest = *scan, zone;
	struct date date;
	int offset_sec;

	if (!scan_date(&rest, ' ', &date))
		return false;
	skip_fraction(&rest);
	zone = rest;
	if (scan_word(&zone, " ") && scan_zone(&zone, &offset_sec)) {
		rest = zone;
		*ret_sec = date_sec(&date) - offset_sec;
	} else if (!local_sec(clock, scan->at, &date, ret_sec)) {
		return false;
	}
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

bool log_tag_is_exim(const struct span *tag)
{
	return span_is(tag, "exim") || span_is(tag, "exim4");
}

/* Skip the name of the host, and read "postfix/smtpd[1201]: ". */
static bool scan_tag(struct scan *scan, struct span *ret_tag)
{
	const char *at = memchr(scan->at, ' ', (size_t)(scan->end - scan->at));
	const char *tag;
	uint32_t pid;

	if (!at || at == scan->at)
		return false;
	for (tag = ++at; at<scan->end && * at> ' ' && *at != '[' && *at != ':'; at++)
		;
	if (at == tag)
		return false;
	*ret_tag = (struct span) { tag, (size_t)(at - tag) };
	scan->at = at;
	if (scan_word(scan, "[") && (!scan_number(scan, &pid) || !scan_word(scan, "]")))
		return false;
	return scan_word(scan, ": ");
}

bool log_head_read(struct log_clock *clock, struct scan scan, struct log_line *ret_line,
		   struct span *ret_tag)
{
	if (!scan_rfc3339(&scan, &ret_line->at_sec) &&
	    !scan_traditional(clock, &scan, &ret_line->at_sec))
		return false;
	if (!scan_word(&scan, " ") || !scan_tag(&scan, ret_tag))
		return false;
	ret_line->message = scan;
	return true;
}
