/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocates units in the regions of an index. */
#include "compile/index.h"

#define CACHE_LINE_UNITS (64U / IPWL_UNIT_BYTES)

/* The more rules lie together, the fewer pages do the blocks between them fill. */
#define RULE_RUN_BYTES (64U << 10)
#define REGION_RULES (IPWL_REGION_UNITS * IPWL_UNIT_BYTES / (uint32_t)sizeof(uint32_t))

void index_space_init(struct index_space *space, uint32_t generation,
		      int (*add_region)(struct index_space *space))
{
	/* The position is at the end, so the first write adds a region. */
	space->position = (struct index_position) {
		.generation = generation,
		.next_unit = IPWL_REGION_UNITS,
	};
	space->add_region = add_region;
}

/* A block that fits into a line of a cache does not begin so late in one that it needs two. */
static uint32_t skip_to_line(uint32_t unit, uint32_t count)
{
	uint32_t left = CACHE_LINE_UNITS - unit % CACHE_LINE_UNITS;

	return count <= CACHE_LINE_UNITS && count > left ? left : 0;
}

/* The first slot of the position's generation. */
static uint32_t first_slot(const struct index_position *position)
{
	return position->generation * IPWL_REGIONS_MAX;
}

int index_space_take(struct index_space *space, size_t bytes, unsigned char **ret_memory,
		     uint32_t *ret_unit)
{
	uint32_t count = (uint32_t)((bytes + IPWL_UNIT_BYTES - 1) / IPWL_UNIT_BYTES);
	struct index_position *position = &space->position;
	uint32_t skip = skip_to_line(position->next_unit, count);

	if (position->next_unit + skip + count > IPWL_REGION_UNITS) {
		int region = space->add_region(space);

		if (region < 0)
			return region;
		position->region = (uint32_t)region;
		/* Leave out the first line of region 0: the word of a node at unit 0 would be 0. */
		position->next_unit =
		    first_slot(position) == position->region ? CACHE_LINE_UNITS : 0;
		skip = 0;
	}
	position->next_unit += skip;
	*ret_unit =
	    (position->region - first_slot(position)) * IPWL_REGION_UNITS + position->next_unit;
	*ret_memory = space->regions[position->region] + position->next_unit * IPWL_UNIT_BYTES;
	position->next_unit += count;
	position->unit_count += skip + count;
	return 0;
}

static int start_rule_run(struct index_space *space)
{
	struct index_position *position = &space->position;
	unsigned char *memory;
	uint32_t unit;
	int error = index_space_take(space, RULE_RUN_BYTES, &memory, &unit);

	if (error)
		return error;
	position->next_rule = IPWL_PLACE(0, unit) & IPWL_PLACE_MASK;
	position->rules_left = RULE_RUN_BYTES / sizeof(uint32_t);
	return 0;
}

/* The region of the next rule. */
static uint32_t rule_slot(const struct index_position *position)
{
	return first_slot(position) + position->next_rule / REGION_RULES;
}

int index_space_take_rules(struct index_space *space, size_t count, unsigned char **ret_memory,
			   uint32_t *ret_place)
{
	struct index_position *position = &space->position;
	int error = position->rules_left < count ? start_rule_run(space) : 0;

	if (error)
		return error;
	*ret_place = position->next_rule;
	*ret_memory = space->regions[rule_slot(position)] +
		      position->next_rule % REGION_RULES * sizeof(uint32_t);
	position->next_rule += (uint32_t)count;
	position->rules_left -= (uint32_t)count;
	return 0;
}

bool index_space_fills(const struct index_space *space, uint32_t slot)
{
	const struct index_position *position = &space->position;

	return slot == position->region || (position->rules_left && slot == rule_slot(position));
}
