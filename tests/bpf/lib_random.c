/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws packets: most of them nearly right, for those find the way to a verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib_random.h"

/* The least that a test run of the kernel takes. */
#define FRAME_BYTES_MIN 14

struct random random_start(void)
{
	const char *text = getenv("IPWL_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

	fprintf(stderr, "IPWL_SEED=%llu\n", (unsigned long long)seed);
	return (struct random) { .state = seed };
}

size_t random_rounds(size_t fallback)
{
	const char *text = getenv("IPWL_ROUNDS");

	return text ? strtoull(text, NULL, 10) : fallback;
}

/* SplitMix64: any seed will do, and so will 0. */
uint64_t random_next(struct random *random)
{
	uint64_t value = random->state += 0x9e3779b97f4a7c15U;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
	value = (value ^ value >> 27) * 0x94d049bb133111ebU;
	return value ^ value >> 31;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

bool random_chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

/* Mostly none, else between -@range and @range. */
static int random_error(struct random *random, int range)
{
	if (!random_chance(random, 3))
		return 0;
	return (int)random_below(random, (uint32_t)range * 2 + 1) - range;
}

static void draw_vlans(struct random *random, struct recipe *recipe)
{
	static const uint16_t tpids[] = { ETHERTYPE_8021Q, ETHERTYPE_8021AD };

	for (size_t i = 0; i < PACKET_VLANS_MAX && random_chance(random, 25); i++)
		recipe->vlans[i] = tpids[random_below(random, 2)];
	if (random_chance(random, 1))
		recipe->more_vlans = (uint16_t)random_below(random, 300);
	if (random_chance(random, 2))
		recipe->ethertype = (uint16_t)random_next(random);
}

static void draw_fragment(struct random *random, struct recipe *recipe)
{
	recipe->has_more_fragments = random_chance(random, 60);
	if (random_chance(random, 50))
		recipe->fragment_offset = (uint16_t)(1U << random_below(random, 13));
}

static void draw_extensions(struct random *random, struct recipe *recipe)
{
	static const uint8_t types[] = {
		PROTOCOL_HOP_BY_HOP,  PROTOCOL_ROUTING, PROTOCOL_FRAGMENT, PROTOCOL_AH,
		PROTOCOL_DESTINATION, PROTOCOL_ESP,	PROTOCOL_NONE,
	};
	unsigned int more_percent = random_chance(random, 20) ? 93 : 30;

	while (recipe->extension_count < PACKET_EXTENSIONS_MAX &&
	       random_chance(random, more_percent)) {
		/* The last two end the chain, so they are rarer. */
		uint32_t type = random_below(random, random_chance(random, 3) ? 7 : 5);

		recipe->extensions[recipe->extension_count++] = types[type];
		/* Fragments among many others would nearly always end it, too. */
		if (types[type] == PROTOCOL_FRAGMENT && random_chance(random, 30))
			draw_fragment(random, recipe);
	}
	if (random_chance(random, 2))
		recipe->more_options = (uint16_t)random_below(random, 150);
	if (random_chance(random, 20))
		recipe->extension_units = (uint8_t)random_below(random, 6);
	recipe->extension_length_error = random_error(random, 3);
}

static void draw_tcp(struct random *random, struct recipe *recipe, const uint16_t *ports,
		     size_t port_count)
{
	uint16_t mail = ports[random_below(random, (uint32_t)port_count)];

	if (random_chance(random, 5)) {
		recipe->is_not_tcp = true;
		recipe->protocol = (uint8_t)random_next(random);
	}
	recipe->port_to = mail;
	recipe->port_from = (uint16_t)random_next(random);
	if (random_chance(random, 15)) {
		recipe->port_to = (uint16_t)(mail + random_below(random, 200) - 100);
		recipe->port_from = mail;
	}
	recipe->flags = random_chance(random, 50) ? TCP_SYN : (uint8_t)random_next(random);
	if (random_chance(random, 30))
		recipe->tcp_option_words = (uint8_t)random_below(random, 11);
	recipe->doff_error = random_error(random, 6);
}

struct recipe random_recipe(struct random *random, const struct prefix *source,
			    const uint16_t *ports, size_t port_count)
{
	struct recipe recipe = { .source = *source };

	draw_vlans(random, &recipe);
	if (source->family == FAMILY_IPV6)
		draw_extensions(random, &recipe);
	else if (random_chance(random, 10))
		draw_fragment(random, &recipe);
	else if (random_chance(random, 5))
		recipe.extensions[recipe.extension_count++] = PROTOCOL_AH;
	draw_tcp(random, &recipe, ports, port_count);
	if (random_chance(random, 20))
		recipe.option_words = (uint8_t)random_below(random, 11);
	recipe.version_error = random_error(random, 3);
	recipe.ihl_error = random_error(random, 6);
	recipe.length_error = random_error(random, 40);
	recipe.has_no_length = random_chance(random, 2);
	if (random_chance(random, 40))
		recipe.payload_bytes = (uint16_t)random_below(random, 64);
	if (random_chance(random, 20))
		recipe.padding_bytes = (uint16_t)random_below(random, 40);
	if (random_chance(random, 5))
		recipe.cut_bytes = (uint16_t)random_below(random, 60);
	return recipe;
}

void random_mutate(struct random *random, struct packet *packet)
{
	packet->sequence_at = 0; /* the change may move it */
	for (uint32_t changes = random_below(random, 4); changes > 0; changes--) {
		/* The smaller of two numbers: rather the headers than the payload. */
		uint32_t a = random_below(random, (uint32_t)packet->size);
		uint32_t b = random_below(random, (uint32_t)packet->size);

		packet->data[a < b ? a : b] =
		    random_chance(random, 50)
			? (uint8_t)random_next(random)
			: packet->data[a < b ? a : b] ^ (uint8_t)(1U << random_below(random, 8));
	}
	if (random_chance(random, 20))
		packet->size = random_below(random, (uint32_t)packet->size + 1);
	if (packet->size < FRAME_BYTES_MIN)
		packet->size = FRAME_BYTES_MIN;
}
