/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws random addresses, listed ones and their neighbours. */
#include "sources.h"

#include <string.h>
#include <sys/mman.h>

#include <bpf/libbpf.h>

#include "../bpf/lib_random.h"
#include "report.h"
#include "sources_abi.h"

const char *const source_kind_names[SOURCE_KIND_COUNT] = { "any", "listed", "unlisted", "near",
							   "near unlisted" };

static address_number random_number(struct random *random)
{
	return (address_number)random_next(random) << 64 | random_next(random);
}

static void draw_any(struct random *random, struct prefix *address)
{
	address_number number = random_number(random);

	if (address->family == FAMILY_IPV6)
		number = number >> 3 | (address_number)1 << 125;
	prefix_set_number(address, number);
}

/* An address that has its first @len bits in common with @prefix. */
static void draw_inside(struct random *random, const struct prefix *prefix, unsigned int len,
			struct prefix *address)
{
	unsigned int host_bits = prefix_max_len(prefix->family) - len;
	address_number hosts = ((address_number)1 << host_bits) - 1;

	prefix_set_number(address,
			  (prefix_number(prefix) & ~hosts) | (random_number(random) & hosts));
}

static unsigned int near_len(struct random *random, const struct prefix *prefix)
{
	unsigned int len = prefix->family == FAMILY_IPV4 ? 16 + random_below(random, 9)
			   : random_chance(random, 50)	 ? 48
							 : 64;

	return len < prefix->len ? len : prefix->len;
}

static const struct prefix *pick(struct random *random, const struct prefix_list *list,
				 enum family family)
{
	const struct prefix *prefix;

	do {
		prefix = &list->prefixes[random_below(random, (uint32_t)list->count)];
	} while (prefix->family != family);
	return prefix;
}

static void draw(struct random *random, enum source_kind kind, const struct prefix_list *list,
		 struct prefix *address)
{
	const struct prefix *prefix;

	if (kind == SOURCE_KIND_ANY || kind == SOURCE_KIND_UNLISTED) {
		draw_any(random, address);
		return;
	}
	prefix = pick(random, list, address->family);
	draw_inside(random, prefix,
		    kind == SOURCE_KIND_LISTED ? prefix->len : near_len(random, prefix), address);
}

static void *map_values(const struct bpf_map *map, size_t bytes)
{
	void *values = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (values == MAP_FAILED)
		die("cannot map the sources: %m");
	return values;
}

double sources_fill(const struct bpf_map *map, enum family family, enum source_kind kind,
		    const struct prefix_list *list)
{
	bool must_be_unlisted = kind == SOURCE_KIND_UNLISTED || kind == SOURCE_KIND_NEAR_UNLISTED;
	size_t address_bytes = family == FAMILY_IPV4 ? 4 : 16;
	size_t bytes = SOURCES_LINES * sizeof(struct sources_line);
	struct random random = { .state = 1 + kind };
	uint8_t *addresses = map_values(map, bytes);
	size_t count = bytes / address_bytes, listed = 0;

	for (size_t i = 0; i < count; i++) {
		struct prefix address = { .family = (uint8_t)family,
					  .len = prefix_max_len(family) };
		bool is_listed;

		do {
			draw(&random, kind, list, &address);
			is_listed = lists_covers(list, &address);
		} while (is_listed && must_be_unlisted);
		listed += is_listed;
		memcpy(addresses + i * address_bytes, address.addr, address_bytes);
	}
	munmap(addresses, bytes);
	if (kind == SOURCE_KIND_LISTED && listed != count)
		die("of %zu sources inside listed prefixes %zu are listed", count, listed);
	return (double)listed / (double)count;
}
