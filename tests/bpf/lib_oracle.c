/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle: plain and slow, in whole bytes and layer by layer. */
#include <string.h>

#include "lib_oracle.h"

/* The bytes of a layer, and the facts known from the layers around it. */
struct layer {
	const uint8_t *bytes;
	size_t size;
	const struct scenario *scenario;
	struct reading known;
	bool is_first_fragment;
};

static struct reading is(const struct layer *layer, enum reading_kind kind)
{
	struct reading reading = layer->known;

	reading.kind = kind;
	return reading;
}

static unsigned int number(const struct layer *layer, size_t at)
{
	return layer->bytes[at] * 256U + layer->bytes[at + 1];
}

/* The layer without its first @bytes. */
static struct layer behind(const struct layer *layer, size_t bytes)
{
	struct layer rest = *layer;

	rest.bytes += bytes;
	rest.size -= bytes;
	return rest;
}

static bool is_mail_port(const struct scenario *scenario, unsigned int port)
{
	for (size_t i = 0; i < scenario->port_count; i++) {
		if (scenario->ports[i] == port)
			return true;
	}
	return false;
}

/* The missing part comes in a later fragment, or does not exist. */
static struct reading ends_early(const struct layer *layer)
{
	return is(layer, layer->is_first_fragment ? READING_PORTLESS : READING_MALFORMED);
}

/* RFC 9293 section 3.1. */
static struct reading read_tcp(struct layer tcp)
{
	bool is_whole_header =
	    tcp.size >= 20 && tcp.bytes[12] / 16 >= 5 && tcp.bytes[12] / 16 * 4U <= tcp.size;

	if (!is_whole_header && !(tcp.is_first_fragment && tcp.size >= 8))
		return ends_early(&tcp);
	if (tcp.size >= 14)
		tcp.known.is_connection = (tcp.bytes[13] & (2 + 16)) == 2;
	tcp.known.port = (uint16_t)number(&tcp, 2);
	return is(&tcp, is_mail_port(tcp.scenario, number(&tcp, 2)) ? READING_MAIL : READING_OTHER);
}

/* RFC 8200 section 4.5. */
static struct reading read_fragment(struct layer *header)
{
	if (number(header, 2) / 8 > 0)
		return is(header, header->is_first_fragment ? READING_PORTLESS : READING_FRAGMENT);
	if (number(header, 2) % 2)
		header->is_first_fragment = true;
	return is(header, READING_MAIL);
}

/* Read a header of this type and everything after it: RFC 8200 section 4. */
static struct reading read_header(struct layer header, unsigned int type)
{
	while (type != 6) {
		struct reading reading;
		size_t size;

		if (type != 0 && type != 43 && type != 44 && type != 51 && type != 60)
			return is(&header, READING_OTHER);
		if (header.size < 8)
			return ends_early(&header);
		size = 8 + header.bytes[1] * 8U;
		if (type == 51) /* RFC 4302 section 2.2 */
			size = 8 + header.bytes[1] * 4U;
		if (type == 44) {
			size = 8;
			reading = read_fragment(&header);
			if (reading.kind != READING_MAIL)
				return reading;
		}
		if (size > header.size)
			return ends_early(&header);
		type = header.bytes[0];
		header = behind(&header, size);
	}
	return read_tcp(header);
}

static struct reading read_ipv6(struct layer ip)
{
	unsigned int payload;

	ip.known.family = IPWL_FAMILY_IPV6;
	if (ip.size < 40 || ip.bytes[0] / 16 != 6)
		return is(&ip, READING_MALFORMED);
	payload = number(&ip, 4);
	if (payload + 40 > ip.size)
		return is(&ip, READING_MALFORMED);
	/* RFC 2675: a jumbogram's length is in its hop-by-hop header. */
	if (payload > 0 || ip.bytes[6] != 0)
		ip.size = payload + 40;
	ip.known.source = (struct prefix) { .family = FAMILY_IPV6, .len = 128 };
	memcpy(ip.known.source.addr, ip.bytes + 8, 16);
	return read_header(behind(&ip, 40), ip.bytes[6]);
}

/* RFC 791 section 3.1. */
static struct reading read_ipv4(struct layer ip)
{
	unsigned int header, total, fragment;

	ip.known.family = IPWL_FAMILY_IPV4;
	if (ip.size < 20 || ip.bytes[0] / 16 != 4)
		return is(&ip, READING_MALFORMED);
	header = ip.bytes[0] % 16 * 4;
	total = number(&ip, 2);
	if (header < 20 || total < header || total > ip.size)
		return is(&ip, READING_MALFORMED);
	ip.size = total;
	fragment = number(&ip, 6);
	if (fragment % 8192 > 0)
		return is(&ip, READING_FRAGMENT);
	ip.is_first_fragment = fragment / 8192 % 2 == 1;
	/* Linux drops the last 0 to 7 bytes of a fragment, and a fragment that is empty then. */
	if (ip.is_first_fragment && total - header < 8)
		return is(&ip, READING_MALFORMED);
	ip.known.source = (struct prefix) { .family = FAMILY_IPV4, .len = 32 };
	memcpy(ip.known.source.addr, ip.bytes + 12, 4);
	if (ip.bytes[9] != 6 && ip.bytes[9] != 51)
		return is(&ip, READING_OTHER);
	return read_header(behind(&ip, header), ip.bytes[9]);
}

/* Read what follows the type field of the Ethernet header or of a VLAN tag. */
static struct reading read_by_ethertype(struct layer layer, unsigned int type)
{
	while (type == 0x8100 || type == 0x88a8) {
		if (layer.size < 4)
			return is(&layer, READING_MALFORMED);
		type = number(&layer, 2);
		layer = behind(&layer, 4);
	}
	if (type == 0x0800)
		return read_ipv4(layer);
	if (type == 0x86dd)
		return read_ipv6(layer);
	return is(&layer, READING_OTHER);
}

struct reading oracle_read(const struct scenario *scenario, const uint8_t *frame, size_t size)
{
	struct layer ethernet = {
		.bytes = frame,
		.size = size,
		.scenario = scenario,
		.known = { .family = IPWL_FAMILY_NONE },
	};

	if (size < 14)
		return is(&ethernet, READING_MALFORMED);
	return read_by_ethertype(behind(&ethernet, 14), number(&ethernet, 12));
}

static bool covers(const struct prefix *prefix, const struct prefix *source)
{
	if (prefix->family != source->family)
		return false;
	for (unsigned int bit = 0; bit < prefix->len; bit++) {
		unsigned int mask = 128U >> bit % 8;

		if ((prefix->addr[bit / 8] & mask) != (source->addr[bit / 8] & mask))
			return false;
	}
	return true;
}

/* Find the entry by which a list contains @source: the longest one, unless an exclusion is at
 * least as long. */
static const struct scenario_entry *find_entry(const struct scenario_list *list,
					       const struct prefix *source)
{
	const struct scenario_entry *best = NULL;

	for (size_t i = 0; i < list->entry_count; i++) {
		const struct scenario_entry *entry = &list->entries[i];

		if (!covers(&entry->prefix, source))
			continue;
		if (!best || entry->prefix.len > best->prefix.len ||
		    (entry->prefix.len == best->prefix.len && entry->is_exclusion))
			best = entry;
	}
	return best && !best->is_exclusion ? best : NULL;
}

static bool is_for_port(const struct scenario *scenario, const struct scenario_list *list,
			uint16_t port)
{
	if (!port)
		port = scenario->ports[0];
	for (size_t i = 0; i < list->port_count; i++) {
		if (list->ports[i] == port)
			return true;
	}
	return list->port_count == 0;
}

bool oracle_list_has(const struct scenario *scenario, const struct scenario_list *list,
		     uint16_t port, const struct prefix *source)
{
	return is_for_port(scenario, list, port) && find_entry(list, source) != NULL;
}

/* Find the list of @action that decides, or return -1. */
static int find_list(const struct scenario *scenario, enum action action, uint16_t port,
		     const struct prefix *source, const struct scenario_entry **ret_entry)
{
	int best = -1;

	for (size_t i = 0; i < scenario->list_count; i++) {
		const struct scenario_list *list = &scenario->lists[i];
		const struct scenario_entry *entry = find_entry(list, source);

		if (list->action != action || !entry || !is_for_port(scenario, list, port))
			continue;
		if (best >= 0) {
			bool best_is_monitor = scenario->lists[best].is_monitor;

			if (list->is_monitor && !best_is_monitor)
				continue;
			if (list->is_monitor == best_is_monitor &&
			    entry->prefix.len <= (*ret_entry)->prefix.len)
				continue;
		}
		best = (int)i;
		*ret_entry = entry;
	}
	return best;
}

struct ruling oracle_judge_source(const struct scenario *scenario, uint16_t port,
				  const struct prefix *source)
{
	const struct scenario_entry *allow_entry = NULL, *block_entry = NULL;
	int allow = find_list(scenario, ACTION_ALLOW, port, source, &allow_entry);
	int block = find_list(scenario, ACTION_BLOCK, port, source, &block_entry);
	struct ruling ruling = { .verdict = IPWL_UNLISTED, .list = -1 };

	ruling.family = source->family == FAMILY_IPV4 ? IPWL_FAMILY_IPV4 : IPWL_FAMILY_IPV6;
	if (allow >= 0) {
		ruling.verdict = block >= 0 ? IPWL_AVERTED : IPWL_ALLOW;
		ruling.list = allow;
		ruling.prefix = allow_entry->prefix;
	} else if (block >= 0) {
		ruling.verdict = IPWL_BLOCK;
		if (!scenario->enforce || scenario->lists[block].is_monitor)
			ruling.verdict = IPWL_WOULD_BLOCK;
		ruling.list = block;
		ruling.prefix = block_entry->prefix;
	}
	return ruling;
}

struct ruling oracle_judge(const struct scenario *scenario, const uint8_t *frame, size_t size)
{
	static const enum ipwl_verdict verdicts[] = {
		[READING_OTHER] = IPWL_OTHER,
		[READING_FRAGMENT] = IPWL_FRAGMENT,
		[READING_MALFORMED] = IPWL_MALFORMED,
	};
	struct reading reading = oracle_read(scenario, frame, size);
	struct ruling ruling = {
		.family = reading.family,
		.is_connection = reading.is_connection,
		.list = -1,
	};

	if (reading.kind != READING_MAIL && reading.kind != READING_PORTLESS) {
		ruling.verdict = verdicts[reading.kind];
		return ruling;
	}
	ruling = oracle_judge_source(scenario, reading.port, &reading.source);
	ruling.is_connection = reading.is_connection;
	return ruling;
}
