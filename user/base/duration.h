/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations such as 30d or 1h30m. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 100 years: longer than that is a slip of the keyboard. */
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

/* Read what other programs write, "167h59m58.5s" or "-1h30m": there may be a minus, zero,
 * fractions, which are cut off, and milliseconds. */
bool duration_parse_signed(const char *text, size_t bytes, int64_t *ret_sec);

/* Write the two largest units: "3d 4h". */
const char *duration_format(int64_t sec, char text[DURATION_TEXT_BYTES]);

#endif
