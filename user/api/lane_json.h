/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lanes as JSON. */
#ifndef API_LANE_JSON_H
#define API_LANE_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "core/policy.h"

struct runtime;

/* The `lanes` of the status, or its `rejects`: an element for each list and family that have
 * one. */
json_t *lanes_json(const struct runtime *runtime, bool is_reject);

/* Where a new connection from an address of that family to @port goes. Null: the normal way,
 * because the list has no lane for it; also if @list is NULL. */
json_t *lane_choice_json(const struct runtime *runtime, const struct list *list, enum family family,
			 uint16_t port);
/* Which ipwl-reject gets a connection from a blocked address of that family. Null: none; also if
 * @list is NULL. */
json_t *reject_choice_json(const struct runtime *runtime, const struct list *list,
			   enum family family);

#endif
