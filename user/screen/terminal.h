/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal of `top`, by curses. */
#ifndef SCREEN_TERMINAL_H
#define SCREEN_TERMINAL_H

#include <stddef.h>

struct top_screen;

/* Take over the terminal. Return: NULL; else why that cannot be done. */
const char *terminal_open(void);
/* Give it back as it was. */
void terminal_close(void);

void terminal_size(size_t *ret_width, size_t *ret_height);
void terminal_show(const struct top_screen *screen);

enum terminal_event {
	TERMINAL_KEY,
	TERMINAL_NOTHING, /* the time is over, or the size has changed */
	TERMINAL_ENDED,	  /* by a signal, or it is gone */
};

/* Wait for a key: a character, or one of enum top_key. */
enum terminal_event terminal_wait(double seconds, unsigned int *ret_key);

#endif
