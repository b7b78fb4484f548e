/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the forms of times that ipwlctl prints, and durations. */
#include "ctl/when.h"

#include <time.h>

#include "base/duration.h"

enum ctl_exit when_parse(const char *option, const char *text, int64_t *ret_sec)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d" };
	int64_t ago_sec, since;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end) {
			since = timegm(&tm);
			*ret_sec = since < 0 ? 0 : since;
			return CTL_DONE;
		}
	}
	if (!duration_parse(text, &ago_sec)) {
		since = time(NULL) - ago_sec;
		*ret_sec = since < 0 ? 0 : since;
		return CTL_DONE;
	}
	ctl_error("--%s %s: write a time such as 2026-11-24 or 2026-11-24T12:00:00Z, or a "
		  "duration such as 30d or 1h30m",
		  option, text);
	return CTL_INVALID;
}
