/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shield against floods as JSON. */
#ifndef API_FLOOD_H
#define API_FLOOD_H

#include <jansson.h>

struct runtime;

/* The `flood` of the status. */
json_t *flood_status_json(const struct runtime *runtime);

#endif
