/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rescue as JSON. */
#ifndef API_RESCUE_JSON_H
#define API_RESCUE_JSON_H

#include <jansson.h>

struct rescue;

/* The `rescue` of the status. */
json_t *rescue_status_json(const struct rescue *rescue);

#endif
