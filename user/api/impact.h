/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a deletion would do, the IMPACT of docs/control-api.md. */
#ifndef API_IMPACT_H
#define API_IMPACT_H

#include <jansson.h>

#include "engine/engine.h"

/* What becomes of mail without the manual entry of @prefix in @list. In the worker. NULL:
 * out of memory. */
json_t *impact_json(const struct engine *engine, const struct list *list,
		    const struct prefix *prefix);

#endif
