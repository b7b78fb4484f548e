/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thin layer over curses. It writes only cells that have changed. */
#include "screen/terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "screen/view.h"

#define ESCAPE 27
#define DELETE 127
/* How long to wait for the rest of an escape sequence. */
#define ESCAPE_DELAY_MSEC 25

static volatile sig_atomic_t is_ended;
static SCREEN *screen_of_terminal;
static attr_t attributes[TOP_STYLE_COUNT];

static void on_end(int number)
{
	(void)number;
	is_ended = 1;
}

/* Colours only if the terminal has them and NO_COLOR is not set. */
static void choose_attributes(void)
{
	static const struct {
		enum top_style style;
		short colour;
	} colours[] = { { TOP_GOOD, COLOR_GREEN },
			{ TOP_WARNING, COLOR_YELLOW },
			{ TOP_BAD, COLOR_RED } };
	const char *no_colour = getenv("NO_COLOR");

	attributes[TOP_BOLD] = A_BOLD;
	attributes[TOP_HEADING] = A_REVERSE;
	attributes[TOP_SELECTED] = A_REVERSE | A_BOLD;
	if ((no_colour && *no_colour) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++) {
		init_pair((short)(i + 1), colours[i].colour, -1);
		attributes[colours[i].style] = (attr_t)COLOR_PAIR(i + 1);
	}
}

const char *terminal_open(void)
{
	const struct sigaction action = { .sa_handler = on_end };
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "it needs a terminal";
	set_escdelay(ESCAPE_DELAY_MSEC);
	screen_of_terminal = name ? newterm(name, stdout, stdin) : NULL;
	if (!screen_of_terminal)
		return "this kind of terminal cannot show a screen: set TERM";
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	choose_attributes();
	return NULL;
}

void terminal_close(void)
{
	endwin();
	delscreen(screen_of_terminal);
	screen_of_terminal = NULL;
}

void terminal_size(size_t *ret_width, size_t *ret_height)
{
	*ret_width = (size_t)COLS;
	*ret_height = (size_t)LINES;
}

void terminal_show(const struct top_screen *screen)
{
	erase();
	for (size_t i = 0; i < screen->count && i < (size_t)LINES; i++) {
		const struct top_line *line = &screen->lines[i];

		attrset((int)attributes[line->style]);
		mvaddstr((int)i, 0, line->text ? line->text : "");
		if (line->style == TOP_HEADING || line->style == TOP_SELECTED)
			chgat(-1, attributes[line->style], 0, NULL);
	}
	attrset(A_NORMAL);
	refresh();
}

static unsigned int key_of(wint_t key, bool is_function)
{
	if (!is_function)
		return key == '\r' || key == '\n'     ? TOP_KEY_ENTER
		       : key == ESCAPE		      ? TOP_KEY_ESCAPE
		       : key == DELETE || key == '\b' ? TOP_KEY_BACKSPACE
						      : key;
	switch (key) {
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_BACKSPACE:
	case KEY_DC:
		return TOP_KEY_BACKSPACE;
	case KEY_ENTER:
		return TOP_KEY_ENTER;
	default:
		return 0;
	}
}

enum terminal_event terminal_wait(double seconds, unsigned int *ret_key)
{
	wint_t key;
	int kind;

	if (is_ended)
		return TERMINAL_ENDED;
	timeout(seconds > 0 ? (int)(seconds * 1000) + 1 : 0);
	kind = get_wch(&key);
	if (is_ended || (kind == ERR && !isatty(STDIN_FILENO)))
		return TERMINAL_ENDED;
	if (kind == ERR || (kind == KEY_CODE_YES && key == KEY_RESIZE))
		return TERMINAL_NOTHING;
	*ret_key = key_of(key, kind == KEY_CODE_YES);
	return TERMINAL_KEY;
}
