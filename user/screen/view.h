/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `top` shows of a model: rows of a view, sorted and filtered, and the lines of a screen. */
#ifndef SCREEN_VIEW_H
#define SCREEN_VIEW_H

#include "screen/model.h"

#define TOP_INPUT_BYTES 64
#define TOP_MESSAGE_LINES 8

enum top_page {
	TOP_PAGE_BLOCKED,
	TOP_PAGE_AVERTED,
	TOP_PAGE_NETWORKS,
	TOP_PAGE_LISTS,
	TOP_PAGE_INTERFACES,
	TOP_PAGE_COUNT,
};

enum top_sort { TOP_SORT_COUNT_OF, TOP_SORT_RATE, TOP_SORT_LAST, TOP_SORT_NAME, TOP_SORT_COUNT };

/* What keys mean. */
enum top_mode {
	TOP_MODE_BROWSE,
	TOP_MODE_FILTER,  /* a filter is typed */
	TOP_MODE_LOOK_UP, /* an address is typed */
	TOP_MODE_ADD,	  /* a list for `address` is typed */
	TOP_MODE_CONFIRM, /* y adds `address` to the list in `input` */
	TOP_MODE_MESSAGE, /* any key ends it */
};

struct top_ui {
	enum top_page page;
	enum top_sort sort;
	bool is_paused;
	size_t selected; /* row */
	enum top_mode mode;
	char filter[TOP_INPUT_BYTES];
	char input[TOP_INPUT_BYTES];
	char address[TOP_INPUT_BYTES]; /* to test or to add */
	char *message;		       /* lines, shown with TOP_MODE_MESSAGE; or NULL */
};

struct top_row {
	char name[TOP_NAME_BYTES]; /* a source, network, list or interface */
	char kind[16];		   /* verdict, action or XDP mode */
	char list[TOP_NAME_BYTES]; /* of lists: the mode */
	char entry[PREFIX_TEXT_BYTES];
	uint64_t count; /* attempts, connections or packets */
	double rate;	/* attempts of the last minute; else per second */
	int64_t last_sec;
	uint64_t part_count;		   /* sources of a network, entries of a list */
	const struct top_counter *counter; /* or NULL */
};

/**
 * top_rows() - the rows of the page, in order
 * @now_sec: since 1970
 * @ret_rows: to be freed
 *
 * Return: how many there are; 0 if there is no memory.
 */
size_t top_rows(const struct top_model *model, const struct top_ui *ui, int64_t now_sec,
		struct top_row **ret_rows);

/* ---- lines ------------------------------------------------------------------------ */

enum top_style {
	TOP_PLAIN,
	TOP_BOLD,
	TOP_HEADING, /* reverse */
	TOP_SELECTED,
	TOP_GOOD,
	TOP_WARNING,
	TOP_BAD,
	TOP_STYLE_COUNT,
};

struct top_line {
	char *text; /* UTF-8, not wider than the screen; NULL: no memory for it */
	enum top_style style;
};

struct top_screen {
	struct top_line *lines;
	size_t count; /* as many as the screen has; 0: no memory */
};

/**
 * top_draw() - draw a screen
 * @width, @height: at least 20 and 5 are used
 * @now_sec: since 1970
 * @ret_screen: to be freed with top_screen_done()
 */
void top_draw(const struct top_model *model, const struct top_ui *ui, size_t width, size_t height,
	      int64_t now_sec, struct top_screen *ret_screen);
void top_screen_done(struct top_screen *screen);

/* The last @columns rates as blocks, the newest last, scaled to the highest. @text: three bytes for
 * each column, and a zero. */
void top_sparkline(const struct top_counter *counter, size_t columns, char *text);
#define TOP_SPARKLINE_BYTES(columns) ((columns)*3 + 1)

/* 1234567 as "1.23M", 0.25 as "0.2": at most five characters. */
const char *top_number(double number, char text[16]);

/* ---- keys ------------------------------------------------------------------------- */

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x110000,
	TOP_KEY_DOWN,
	TOP_KEY_BACKSPACE,
	TOP_KEY_ESCAPE,
	TOP_KEY_ENTER
};

enum top_deed {
	TOP_DO_NOTHING,
	TOP_DO_QUIT,
	TOP_DO_TEST, /* look up ui->address */
	TOP_DO_ADD,  /* add ui->address to the list ui->input */
};

/* Take a key: a Unicode character or one of enum top_key. Return: what to do. */
enum top_deed top_take_key(struct top_ui *ui, const struct top_model *model, int64_t now_sec,
			   unsigned int key);

/* Show lines until a key is pressed. Takes over @message. */
void top_show_message(struct top_ui *ui, char *message);

void top_ui_done(struct top_ui *ui);

#endif
