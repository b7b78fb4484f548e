/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of what was counted, as JSON. For the main loop. */
#ifndef API_SAMPLES_H
#define API_SAMPLES_H

#include <jansson.h>
#include <stdint.h>

struct samples;

/* The SAMPLES of docs/control-api.md: columns for the last day and week. NULL: out of memory. */
json_t *samples_json(const struct samples *samples, int64_t now_sec);

#endif
