/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes scenarios for tests. Running out of memory ends the test program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib_scenario.h"

#define ENTRIES_MAX 100

struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, strlen(text), &prefix, NULL) != PREFIX_OK) {
		fprintf(stderr, "not a prefix: %s\n", text);
		abort();
	}
	return prefix;
}

void scenario_add_entry(struct scenario_list *list, const struct prefix *prefix, bool is_exclusion)
{
	list->entries = realloc(list->entries, (list->entry_count + 1) * sizeof(*list->entries));
	if (!list->entries)
		abort();
	list->entries[list->entry_count++] = (struct scenario_entry) { *prefix, is_exclusion };
}

static struct scenario_list *add_list(struct scenario *scenario, const char *name,
				      enum action action)
{
	struct scenario_list *list = &scenario->lists[scenario->list_count++];

	*list = (struct scenario_list) { .action = action, .mark_mask = UINT32_MAX };
	snprintf(list->name, sizeof(list->name), "%s", name);
	return list;
}

struct scenario_list *scenario_add(struct scenario *scenario, const char *name, enum action action,
				   const char *entries)
{
	struct scenario_list *list = add_list(scenario, name, action);
	char *copy = strdup(entries);
	char *position = NULL;

	if (!copy)
		abort();
	for (char *word = strtok_r(copy, " ", &position); word;
	     word = strtok_r(NULL, " ", &position)) {
		bool is_exclusion = *word == '!';
		struct prefix prefix = prefix_of(word + is_exclusion);

		scenario_add_entry(list, &prefix, is_exclusion);
	}
	free(copy);
	return list;
}

void scenario_done(struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->list_count; i++)
		free(scenario->lists[i].entries);
	*scenario = (struct scenario) { .list_count = 0 };
}

static void flip_bit(struct prefix *prefix, unsigned int bit)
{
	prefix->addr[bit / 8] ^= (uint8_t)(128U >> bit % 8);
}

static void set_length(struct prefix *prefix, unsigned int length)
{
	for (unsigned int bit = length; bit < 128; bit++) {
		if (prefix->addr[bit / 8] & 128U >> bit % 8)
			flip_bit(prefix, bit);
	}
	prefix->len = (uint8_t)length;
}

static unsigned int family_bits(const struct prefix *prefix)
{
	return prefix->family == FAMILY_IPV4 ? 32 : 128;
}

static const struct scenario_entry *random_entry(struct random *random,
						 const struct scenario *scenario)
{
	const struct scenario_list *list;

	if (!scenario || !scenario->list_count)
		return NULL;
	list = &scenario->lists[random_below(random, (uint32_t)scenario->list_count)];
	return list->entry_count ? &list->entries[random_below(random, (uint32_t)list->entry_count)]
				 : NULL;
}

/* Few distinct bytes, so that prefixes nest and share their beginnings. */
static struct prefix random_address(struct random *random)
{
	static const uint8_t bytes[] = { 0x00, 0x80, 0xff, 0xc0, 0x01, 0x20 };
	struct prefix address = { .family = random_chance(random, 50) ? FAMILY_IPV6 : FAMILY_IPV4 };

	address.len = (uint8_t)family_bits(&address);
	for (unsigned int i = 0; i < family_bits(&address) / 8; i++)
		address.addr[i] = bytes[random_below(random, i < 2 ? 6 : 3)];
	return address;
}

static unsigned int random_length(struct random *random, unsigned int bits)
{
	if (random_chance(random, 30))
		return bits;
	if (random_chance(random, 3))
		return 0;
	return 1 + random_below(random, bits);
}

/* Alone; near the last one of the list; or one of @near's. */
static struct prefix random_prefix(struct random *random, const struct scenario_list *list,
				   const struct scenario *near)
{
	const struct scenario_entry *other = random_entry(random, near);
	struct prefix prefix = random_address(random);
	unsigned int length;

	if (other && random_chance(random, 50))
		return other->prefix;
	if (list->entry_count && random_chance(random, 50))
		prefix = list->entries[list->entry_count - 1].prefix;
	length = random_length(random, family_bits(&prefix));
	if (random_chance(random, 30) && length > prefix.len)
		flip_bit(&prefix, prefix.len);
	set_length(&prefix, length);
	return prefix;
}

static void fill_list(struct random *random, struct scenario_list *list,
		      const struct scenario *near)
{
	uint32_t count = random_below(random, random_chance(random, 50) ? 8 : ENTRIES_MAX);

	while (count--) {
		struct prefix prefix = random_prefix(random, list, near);

		/* No block list holds everybody. */
		if (prefix.len > 0 || list->action == ACTION_ALLOW)
			scenario_add_entry(list, &prefix, random_chance(random, 20));
	}
}

/* A list has its own mark, by which the test tells it from the others. */
static void draw_list(struct random *random, struct scenario_list *list)
{
	list->is_monitor = list->action == ACTION_BLOCK && random_chance(random, 30);
	list->sets_mark = random_chance(random, 80);
	list->sets_priority = random_chance(random, 80);
	list->mark_mask = random_chance(random, 50) ? UINT32_MAX : (uint32_t)random_next(random);
	list->mark = (uint32_t)random_next(random) & list->mark_mask;
	list->priority = (uint32_t)random_next(random);
}

/* Some of the scenario's ports, or all. */
static void draw_ports(struct random *random, const struct scenario *scenario,
		       struct scenario_list *list)
{
	for (size_t i = 0; i < scenario->port_count; i++) {
		if (random_chance(random, 50))
			list->ports[list->port_count++] = scenario->ports[i];
	}
}

void scenario_random(struct random *random, const struct scenario *near,
		     struct scenario *ret_scenario)
{
	uint32_t first_name = random_below(random, 3);
	uint32_t count = 1 + random_below(random, 6);

	*ret_scenario = (struct scenario) { .enforce = random_chance(random, 80) };
	for (uint32_t i = 0; i < count; i++) {
		enum action action = random_chance(random, 50) ? ACTION_ALLOW : ACTION_BLOCK;
		char name[16];

		snprintf(name, sizeof(name), "list%u", first_name + i);
		draw_list(random, add_list(ret_scenario, name, action));
		fill_list(random, &ret_scenario->lists[i], near);
	}
	ret_scenario->ports[0] = 25;
	ret_scenario->port_count = 1 + random_below(random, 4);
	for (size_t i = 1; i < ret_scenario->port_count; i++)
		ret_scenario->ports[i] = (uint16_t)(26 + 1000 * i + random_below(random, 1000));
	for (uint32_t i = 0; i < count && random_chance(random, 50); i++)
		draw_ports(random, ret_scenario, &ret_scenario->lists[i]);
}

struct prefix scenario_random_source(struct random *random, const struct scenario *scenario)
{
	const struct scenario_entry *entry = random_entry(random, scenario);
	struct prefix source = random_address(random);
	unsigned int bits;

	if (!entry || random_chance(random, 10))
		return source;
	source = entry->prefix;
	bits = family_bits(&source);
	/* Outside by the last bit that matters. */
	if (source.len > 0 && random_chance(random, 20))
		flip_bit(&source, source.len - 1U);
	for (unsigned int bit = entry->prefix.len; bit < bits; bit++) {
		if (random_chance(random, 50))
			flip_bit(&source, bit);
	}
	source.len = (uint8_t)bits;
	return source;
}
