/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keys do in `top`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen/view.h"

void top_ui_done(struct top_ui *ui)
{
	free(ui->message);
	ui->message = NULL;
}

void top_show_message(struct top_ui *ui, char *message)
{
	free(ui->message);
	ui->message = message;
	ui->mode = TOP_MODE_MESSAGE;
}

/* ---- typing ----------------------------------------------------------------------- */

static void ask_for(struct top_ui *ui, enum top_mode mode, const char *text)
{
	ui->mode = mode;
	snprintf(ui->input, sizeof(ui->input), "%.*s", (int)sizeof(ui->input) - 1, text);
}

/* Names, addresses and prefixes consist of these. */
static bool is_typed(unsigned int key)
{
	return key > ' ' && key < 0x7f;
}

static void edit(struct top_ui *ui, unsigned int key)
{
	const size_t bytes = strlen(ui->input);

	if (key == TOP_KEY_BACKSPACE && bytes)
		ui->input[bytes - 1] = '\0';
	if (!is_typed(key) || bytes + 1 >= sizeof(ui->input))
		return;
	ui->input[bytes] = (char)key;
	ui->input[bytes + 1] = '\0';
}

/* ---- what is selected -------------------------------------------------------------- */

/* Remember the address or network that is selected. */
static bool take_selected(struct top_ui *ui, const struct top_model *model, int64_t now_sec)
{
	struct top_row *rows;
	const size_t count = top_rows(model, ui, now_sec, &rows);
	const size_t selected = !count ? 0 : ui->selected < count ? ui->selected : count - 1;
	struct prefix prefix;
	bool is_found = count > 0 && !prefix_parse(rows[selected].name, strlen(rows[selected].name),
						   &prefix, NULL);

	if (is_found)
		prefix_format_short(&prefix, ui->address);
	free(rows);
	return is_found;
}

static enum top_deed take_enter(struct top_ui *ui, const struct top_model *model, int64_t now_sec)
{
	char *slash;

	if (!take_selected(ui, model, now_sec))
		return TOP_DO_NOTHING;
	/* Of a network, its first address. */
	slash = strchr(ui->address, '/');
	if (slash)
		*slash = '\0';
	return TOP_DO_TEST;
}

static void select_row(struct top_ui *ui, const struct top_model *model, int64_t now_sec,
		       int direction)
{
	struct top_row *rows;
	const size_t count = top_rows(model, ui, now_sec, &rows);

	free(rows);
	if (ui->selected >= count)
		ui->selected = count ? count - 1 : 0;
	if (direction < 0 && ui->selected)
		ui->selected--;
	if (direction > 0 && ui->selected + 1 < count)
		ui->selected++;
}

/* The list that the question suggests: the first one that allows. */
static const char *first_allow_list(const struct top_model *model)
{
	for (size_t i = 0; i < model->lists.count; i++)
		if (!strcmp(model->lists.items[i].kind, "allow"))
			return model->lists.items[i].name;
	return "";
}

/* ---- modes --------------------------------------------------------------------------- */

static enum top_deed browse(struct top_ui *ui, const struct top_model *model, int64_t now_sec,
			    unsigned int key)
{
	if (key >= '1' && key < '1' + TOP_PAGE_COUNT) {
		ui->page = (enum top_page)(key - '1');
		ui->selected = 0;
	}
	switch (key) {
	case 'q':
		return TOP_DO_QUIT;
	case '\t':
		ui->page = (enum top_page)((ui->page + 1) % TOP_PAGE_COUNT);
		ui->selected = 0;
		break;
	case 's':
		ui->sort = (enum top_sort)((ui->sort + 1) % TOP_SORT_COUNT);
		break;
	case 'p':
		ui->is_paused = !ui->is_paused;
		break;
	case '/':
		ask_for(ui, TOP_MODE_FILTER, ui->filter);
		break;
	case 't':
		ask_for(ui, TOP_MODE_LOOK_UP, "");
		break;
	case 'a':
		if (take_selected(ui, model, now_sec))
			ask_for(ui, TOP_MODE_ADD, first_allow_list(model));
		break;
	case 'k':
	case TOP_KEY_UP:
		select_row(ui, model, now_sec, -1);
		break;
	case 'j':
	case TOP_KEY_DOWN:
		select_row(ui, model, now_sec, 1);
		break;
	case TOP_KEY_ENTER:
		return take_enter(ui, model, now_sec);
	case TOP_KEY_ESCAPE:
		*ui->filter = '\0';
		break;
	default:
		break;
	}
	return TOP_DO_NOTHING;
}

/* Enter ends what is typed. */
static enum top_deed end_input(struct top_ui *ui)
{
	const enum top_mode mode = ui->mode;

	ui->mode = TOP_MODE_BROWSE;
	if (mode == TOP_MODE_FILTER) {
		memcpy(ui->filter, ui->input, sizeof(ui->filter));
		ui->selected = 0;
	}
	if (!*ui->input || mode == TOP_MODE_FILTER)
		return TOP_DO_NOTHING;
	if (mode == TOP_MODE_ADD) {
		ui->mode = TOP_MODE_CONFIRM;
		return TOP_DO_NOTHING;
	}
	memcpy(ui->address, ui->input, sizeof(ui->address));
	return TOP_DO_TEST;
}

enum top_deed top_take_key(struct top_ui *ui, const struct top_model *model, int64_t now_sec,
			   unsigned int key)
{
	switch (ui->mode) {
	case TOP_MODE_BROWSE:
		return browse(ui, model, now_sec, key);
	case TOP_MODE_MESSAGE:
		ui->mode = TOP_MODE_BROWSE;
		return TOP_DO_NOTHING;
	case TOP_MODE_CONFIRM:
		ui->mode = TOP_MODE_BROWSE;
		return key == 'y' || key == 'Y' ? TOP_DO_ADD : TOP_DO_NOTHING;
	default:
		break;
	}
	if (key == TOP_KEY_ESCAPE)
		ui->mode = TOP_MODE_BROWSE;
	else if (key == TOP_KEY_ENTER)
		return end_input(ui);
	else
		edit(ui, key);
	return TOP_DO_NOTHING;
}
