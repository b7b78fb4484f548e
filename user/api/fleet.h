/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fleet in the status as JSON. For the main loop. */
#ifndef API_FLEET_H
#define API_FLEET_H

#include <jansson.h>

struct runtime;

/* The server and the hosts in short; null: there is no fleet. NULL: out of memory. */
json_t *fleet_status_json(const struct runtime *runtime);

#endif
