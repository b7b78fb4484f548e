/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the daemon and of its feeds as JSON. For the main loop. */
#ifndef API_STATUS_H
#define API_STATUS_H

#include <jansson.h>

#include "config/feed_config.h"

struct runtime;

/* The answer of GET /v1/status. NULL: out of memory. */
json_t *status_json(const struct runtime *runtime);

/* The array of GET /v1/feeds or GET /v1/domains. */
json_t *feed_states_json(const struct runtime *runtime, enum feed_kind kind);

#endif
