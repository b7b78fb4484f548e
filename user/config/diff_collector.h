/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects changes of settings for diff.c. */
#ifndef CONFIG_DIFF_COLLECTOR_H
#define CONFIG_DIFF_COLLECTOR_H

#include <stdbool.h>

#include "config/diff.h"

/* Collects changes. Stops if memory runs out. */
struct collector {
	struct setting_changes changes;
	int err;
};

/* Add a change. NULL: the setting is not set. */
void collector_add(struct collector *collector, const char *key, const char *from, const char *to);
/* The same, and free both texts. Empty: the setting is not set. NULL: out of memory. */
void collector_take(struct collector *collector, const char *key, char *from, char *to);
void collector_add_flag(struct collector *collector, const char *key, bool from, bool to);

/* Give the changes to the caller, or free them. Return: 0 or -ENOMEM. */
int collector_end(struct collector *collector, struct setting_changes *ret_changes);

/* Add how the exports differ. */
void exports_compare(struct collector *settings, const struct config *from,
		     const struct config *to);

void setting_changes_done(struct setting_changes *changes);

#endif
