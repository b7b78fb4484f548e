/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts as JSON. */
#ifndef API_SEEN_JSON_H
#define API_SEEN_JSON_H

#include <jansson.h>

struct runtime;
struct seen_left_out;

/* The LEFT_OUT of docs/control-api.md. */
json_t *left_out_json(const struct seen_left_out *left_out);

/* The `seen` of the status. */
json_t *seen_status_json(const struct runtime *runtime);

#endif
