/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes the effect of a deletion, the IMPACT of docs/control-api.md. */
#ifndef API_IMPACT_H
#define API_IMPACT_H

#include <jansson.h>

#include "engine/engine.h"

/* Describe what happens to mail without the manual entry of @prefix in @list. Only for the
 * worker. NULL: out of memory. */
json_t *impact_json(const struct engine *engine, const struct list *list,
		    const struct prefix *prefix);

#endif
