/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits for unlisted sources as JSON. */
#ifndef API_LIMITS_H
#define API_LIMITS_H

#include <jansson.h>

struct prefix;
struct runtime;

/* The `limits` of the status: those in force. */
json_t *limits_status_json(const struct runtime *runtime);

/* The LIMIT of docs/control-api.md: what they leave to an unlisted address now. Null if they are
 * off. */
json_t *limit_json(const struct runtime *runtime, const struct prefix *address);

#endif
