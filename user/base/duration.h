/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations such as 30d or 1h30m. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 100 years: a longer duration is a typing error. */
#define DURATION_MAX_SEC (INT64_C(36525) * 86400)

/* Of two numbers of 64 bits with their units. */
#define DURATION_TEXT_BYTES 48

/**
 * duration_parse() - read whole numbers, each with a unit s, m, h, d or w
 * @ret_sec: their sum
 *
 * Return: NULL, or what is wrong with @text (then @ret_sec is untouched): an empty
 * text, a number without a unit, an unknown unit, zero, over DURATION_MAX_SEC.
 */
const char *duration_parse(const char *text, int64_t *ret_sec);

/* Read durations of other programs, "167h59m58.5s" or "-1h30m". Accepts a minus, zero,
 * milliseconds and fractions, which are truncated. */
bool duration_parse_signed(const char *text, size_t bytes, int64_t *ret_sec);

/* Write the two largest units: "3d 4h". */
const char *duration_format(int64_t sec, char text[DURATION_TEXT_BYTES]);

#endif
