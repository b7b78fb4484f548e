/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts as JSON. */
#ifndef API_SEEN_JSON_H
#define API_SEEN_JSON_H

#include <jansson.h>
#include <stdint.h>

struct engine;
struct refusal;
struct runtime;
struct seen_left_out;
struct seen_match;

/* The LEFT_OUT of docs/control-api.md. */
json_t *left_out_json(const struct seen_left_out *left_out);

/* The list and the entry that matched. */
json_t *seen_match_json(const struct seen_match *match);

/* Attempts by verdict. @of: indexed by enum ipwl_verdict. */
json_t *attempts_by_verdict_json(const uint64_t *of);

/* The answer of GET /v1/seen/totals. For the worker. NULL: out of memory, or as @refusal says. */
json_t *seen_totals_json(struct engine *engine, int64_t since_sec, size_t entries_max,
			 size_t sources_max, struct refusal *refusal);

/* The `seen` of the status. */
json_t *seen_status_json(const struct runtime *runtime);

#endif
