/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers and durations of `learn:`, with their limits and defaults. */
#ifndef CONFIG_LEARN_FIELDS_H
#define CONFIG_LEARN_FIELDS_H

#include "config/learn.h"

struct learn_field {
	const char *key;
	const char *full_key; /* "learn.partner.messages" */
	bool is_duration;     /* seconds, int64_t; else a number, uint32_t */
	size_t offset;	      /* in struct learn_settings */
	int64_t min;
	int64_t max;
	int64_t standard; /* the default */
};

struct learn_field_table {
	const struct learn_field *fields;
	size_t count;
};

extern const struct learn_field_table learn_general_fields, learn_partner_fields,
    learn_reputation_fields, learn_session_fields;

/* "suggest", "auto", indexed by is_auto. */
extern const char *const learn_mode_names[2];

/* Where the value of a field is. */
uint32_t *learn_field_number(struct learn_settings *settings, const struct learn_field *field);
int64_t *learn_field_duration(struct learn_settings *settings, const struct learn_field *field);

void learn_fields_set_defaults(struct learn_settings *settings);

#endif
