/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a set into prefixes that do not nest. It finds runs of addresses between the ends of
 * nodes and holes, and splits each run into the fewest prefixes. */
#include <errno.h>
#include <string.h>

#include "core/prefix_range.h"
#include "core/prefix_set.h"

#define FRAMES_MAX 129

/* IPv4 addresses use the lowest 32 bits. */
__extension__ typedef unsigned __int128 address_number;

struct frame {
	address_number last;
	bool is_in;
};

struct splitter {
	bool is_merging;
	enum family family; /* of the frames and the run */
	struct frame frames[FRAMES_MAX];
	size_t frame_count;
	address_number next; /* the first address that is not processed yet */
	bool is_past_end;    /* all addresses are processed */
	bool has_run;
	address_number run_first;
	address_number run_last;
	struct prefix_set flat;
	size_t capacity;
	int err;
};

static address_number number_of(const struct prefix *prefix)
{
	address_number number = 0;

	for (size_t i = 0; i < prefix_max_len(prefix->family) / 8U; i++)
		number = number << 8 | prefix->addr[i];
	return number;
}

/* The number of addresses after the first one in a prefix with this many host bits. */
static address_number span_of(unsigned int host_bits)
{
	return host_bits >= 128 ? ~(address_number)0 : ((address_number)1 << host_bits) - 1;
}

static struct prefix address_of(enum family family, address_number number)
{
	struct prefix address = { .family = (uint8_t)family, .len = prefix_max_len(family) };

	for (size_t i = address.len / 8U; i-- > 0; number >>= 8)
		address.addr[i] = (uint8_t)number;
	return address;
}

static bool is_mapped_ipv4(const struct prefix *prefix)
{
	static const struct prefix mapped = { .addr = { [10] = 0xff, [11] = 0xff },
					      .family = FAMILY_IPV6,
					      .len = 96 };

	return prefix_contains(&mapped, prefix);
}

static void end_run(struct splitter *splitter)
{
	struct prefix first = address_of(splitter->family, splitter->run_first);
	struct prefix last = address_of(splitter->family, splitter->run_last);
	struct prefix parts[PREFIX_RANGE_MAX];
	size_t count = splitter->has_run ? prefix_range_split(&first, &last, parts) : 0;

	for (size_t i = 0; i < count && !splitter->err; i++) {
		struct prefix_node node = { .prefix = parts[i] };

		if (!is_mapped_ipv4(&node.prefix))
			splitter->err =
			    prefix_set_append(&splitter->flat, &splitter->capacity, &node);
	}
	splitter->has_run = false;
}

static void add_run(struct splitter *splitter, address_number first, address_number last)
{
	bool touches = splitter->has_run && splitter->run_last + 1 == first;

	if (!touches || !splitter->is_merging) {
		end_run(splitter);
		splitter->run_first = first;
	}
	splitter->run_last = last;
	splitter->has_run = true;
}

/* Give the addresses up to @last the state of the innermost frame. */
static void advance(struct splitter *splitter, address_number last)
{
	const struct frame *frame = &splitter->frames[splitter->frame_count - 1];

	if (splitter->is_past_end || splitter->next > last)
		return;
	if (frame->is_in)
		add_run(splitter, splitter->next, last);
	splitter->next = last + 1;
	splitter->is_past_end = last == span_of(prefix_max_len(splitter->family));
}

static void close_frame(struct splitter *splitter)
{
	advance(splitter, splitter->frames[splitter->frame_count - 1].last);
	splitter->frame_count--;
}

static void close_family(struct splitter *splitter)
{
	while (splitter->frame_count)
		close_frame(splitter);
	end_run(splitter);
	splitter->next = 0;
	splitter->is_past_end = false;
}

static void take_node(struct splitter *splitter, const struct prefix_node *node)
{
	unsigned int host_bits =
	    (unsigned int)prefix_max_len(node->prefix.family) - node->prefix.len;
	address_number first, last;

	if (node->prefix.family != splitter->family)
		close_family(splitter);
	splitter->family = (enum family)node->prefix.family;
	first = number_of(&node->prefix);
	last = first + span_of(host_bits);
	while (splitter->frame_count && splitter->frames[splitter->frame_count - 1].last < first)
		close_frame(splitter);
	/* A node that says the same as the frame around it does not split that frame. */
	if (splitter->frame_count &&
	    splitter->frames[splitter->frame_count - 1].is_in == !node->is_hole)
		return;
	if (splitter->frame_count && first > 0)
		advance(splitter, first - 1);
	splitter->next = first;
	splitter->frames[splitter->frame_count++] = (struct frame) { last, !node->is_hole };
}

int prefix_set_split(const struct prefix_set *set, bool is_merging, struct prefix_set *ret_flat)
{
	struct splitter splitter = { .is_merging = is_merging };

	for (size_t i = 0; i < set->count && !splitter.err; i++)
		take_node(&splitter, &set->nodes[i]);
	close_family(&splitter);
	if (splitter.err)
		prefix_set_done(&splitter.flat);
	else
		*ret_flat = splitter.flat;
	return splitter.err;
}
