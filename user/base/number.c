/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digits alone: no sign, no blank, nothing behind them. */
#include "base/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_parse_whole(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
	long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}
