/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of settings, each as text before and after. */
#include "config/diff_collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void collector_append(struct collector *collector, struct setting_change change)
{
	struct setting_change *items =
	    reallocarray(collector->changes.items, collector->changes.count + 1, sizeof(*items));

	if (!items) {
		free(change.from);
		free(change.to);
		collector->err = -ENOMEM;
		return;
	}
	collector->changes.items = items;
	items[collector->changes.count++] = change;
}

void collector_add(struct collector *collector, const char *key, const char *from, const char *to)
{
	struct setting_change change = { .key = key };

	if (!from == !to && (!from || !strcmp(from, to)))
		return;
	change.from = from ? strdup(from) : NULL;
	change.to = to ? strdup(to) : NULL;
	if (!change.from != !from || !change.to != !to)
		collector->err = -ENOMEM;
	collector_append(collector, change);
}

void setting_changes_done(struct setting_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].from);
		free(changes->items[i].to);
	}
	free(changes->items);
	*changes = (struct setting_changes) { 0 };
}

int collector_end(struct collector *collector, struct setting_changes *ret_changes)
{
	if (collector->err)
		setting_changes_done(&collector->changes);
	else
		*ret_changes = collector->changes;
	return collector->err;
}

void collector_take(struct collector *collector, const char *key, char *from, char *to)
{
	if (from && to)
		collector_add(collector, key, *from ? from : NULL, *to ? to : NULL);
	else
		collector->err = -ENOMEM;
	free(from);
	free(to);
}

void collector_add_flag(struct collector *collector, const char *key, bool from, bool to)
{
	collector_add(collector, key, from ? "true" : "false", to ? "true" : "false");
}
