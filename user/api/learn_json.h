/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What learning knows, as JSON: LEARNED and PARTNER of docs/control-api.md. */
#ifndef API_LEARN_JSON_H
#define API_LEARN_JSON_H

#include <jansson.h>

#include "engine/learned.h"

/* @list: the list that receives the entry. NULL: out of memory, as below. */
json_t *learned_json(const struct learned *learned, const char *list);
json_t *partner_json(const struct learn_partner *partner);

struct runtime;

/* The state of learning, for the status; null if nothing is learned. */
json_t *learning_json(const struct runtime *runtime);

/* "2026-11-28"; @day: since 1970. */
json_t *day_json(int64_t day);
/* The text, or null if it is empty. */
json_t *json_text_or_null(const char *text);

#endif
