/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has been counted between two looks. */
#include "core/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void look_done(struct look *look)
{
	free(look->interfaces);
	*look = (struct look) { 0 };
}

int look_copy(const struct look *look, struct look *ret_copy)
{
	struct look copy = *look;

	copy.interfaces = calloc(look->interface_count + 1, sizeof(*copy.interfaces));
	if (!copy.interfaces)
		return -ENOMEM;
	for (size_t i = 0; i < look->interface_count; i++)
		copy.interfaces[i] = look->interfaces[i];
	*ret_copy = copy;
	return 0;
}

static const struct look_interface *find_interface(const struct look *look, const char *name)
{
	for (size_t i = 0; i < look->interface_count; i++)
		if (!strcmp(look->interfaces[i].name, name))
			return &look->interfaces[i];
	return NULL;
}

static void counts_grow(struct verdict_counts grown[IPWL_VERDICT_COUNT],
			const struct verdict_counts before[IPWL_VERDICT_COUNT],
			const struct verdict_counts now[IPWL_VERDICT_COUNT])
{
	bool is_reset = false;

	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++)
		is_reset |= now[verdict].packets < before[verdict].packets ||
			    now[verdict].connections < before[verdict].connections;
	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		grown[verdict].packets +=
		    now[verdict].packets - (is_reset ? 0 : before[verdict].packets);
		grown[verdict].connections +=
		    now[verdict].connections - (is_reset ? 0 : before[verdict].connections);
	}
}

void look_follow(struct look *last, struct look *next, int64_t from_sec, struct samples *samples)
{
	static const struct look_interface nothing;
	struct verdict_counts grown[IPWL_VERDICT_COUNT] = { 0 };
	const bool is_same_maps = last->cookie == next->cookie;

	for (size_t i = 0; i < next->interface_count; i++) {
		struct look_interface *now = &next->interfaces[i];
		const struct look_interface *before =
		    is_same_maps ? find_interface(last, now->name) : NULL;

		if (!now->is_read && before)
			*now = *before;
		else if (last->at_sec)
			counts_grow(grown, before ? before->counts : nothing.counts, now->counts);
	}
	if (last->at_sec)
		samples_add(samples, from_sec, next->at_sec, grown);
	look_done(last);
	*last = *next;
	*next = (struct look) { 0 };
}
