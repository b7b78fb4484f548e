/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMTP sessions that the kernel counts, as JSON. */
#ifndef API_SESSIONS_H
#define API_SESSIONS_H

#include <jansson.h>

struct prefix;
struct runtime;

/* The `sessions` of the status; null if nothing is learned. */
json_t *sessions_status_json(const struct runtime *runtime);

/* What the kernel counted of a host; null: nothing. */
json_t *session_record_json(const struct runtime *runtime, const struct prefix *address);

#endif
