/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the listeners of all lanes each second, and switches the lanes on and off. */
#ifndef RUNTIME_LANES_H
#define RUNTIME_LANES_H

#include "core/lane.h"
#include "core/policy.h"

struct lanes;
struct runtime;

/* Begin with a first look at once. Return: 0 or -ENOMEM. */
int lanes_open(struct runtime *runtime, struct lanes **ret_lanes);
/* Lanes that are on stay on for a few seconds. NULL is fine. */
void lanes_close(struct lanes *lanes);

/* The health of a list's lane for one family. NULL: it has none. It is valid until the loop goes
 * on. */
const struct lane_health *lanes_health(const struct lanes *lanes, const struct list *list,
				       enum family family);

#endif
