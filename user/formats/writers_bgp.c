/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes lists as routes for BGP speakers: bird, openbgpd and exabgp. A community tells the peers
 * which list a route is from. Nothing here may get a route into the kernel of this host.
 */
#include "formats/writers_bgp.h"

/* The AS of bgp-spamd, and the second half of its communities. */
#define BGP_AS 65066
static const int communities[ACTION_COUNT] = { [ACTION_ALLOW] = 42, [ACTION_BLOCK] = 666 };

static const char family_digits[FAMILY_COUNT] = { '4', '6' };

static const char *action_of(const struct export_writer *writer)
{
	return action_names[writer->export->action];
}

/* Whether the section of IPv6 begins with this node; NULL: at the end of the text. The families
 * come one after the other. */
static bool is_ipv6_next(const struct export_writer *writer, const struct prefix_node *node)
{
	return !writer->family_counts[FAMILY_IPV6] && (!node || node->prefix.family == FAMILY_IPV6);
}

/* ---- bird ---------------------------------------------------------------- */

/* The tables are apart from master4 and master6, so that no other protocol finds the routes. */
static void bird_begin_family(const struct export_writer *writer, enum family family)
{
	char digit = family_digits[family];

	fprintf(writer->stream,
		"protocol static ipwl_%s%c {\n"
		"\tipv%c {\n"
		"\t\ttable ipwl%c;\n"
		"\t\timport filter { bgp_community.add((%d,%d)); accept; };\n"
		"\t};\n",
		action_of(writer), digit, digit, digit, BGP_AS,
		communities[writer->export->action]);
}

static void bird_begin_ipv6(const struct export_writer *writer)
{
	fputs("}\n", writer->stream);
	bird_begin_family(writer, FAMILY_IPV6);
}

void bird_begin(struct export_writer *writer)
{
	bird_begin_family(writer, FAMILY_IPV4);
}

void bird_write(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	if (is_ipv6_next(writer, node))
		bird_begin_ipv6(writer);
	fprintf(writer->stream, "\troute %s blackhole;\n", prefix_format(&node->prefix, text));
}

void bird_end(struct export_writer *writer)
{
	if (is_ipv6_next(writer, NULL))
		bird_begin_ipv6(writer);
	fputs("}\n", writer->stream);
}

/* ---- openbgpd ------------------------------------------------------------ */

/* A set: bgpd reads it faster than a statement for each prefix, and would reject a file in which a
 * prefix has two statements. */
void openbgpd_begin(struct export_writer *writer)
{
	fprintf(writer->stream, "prefix-set ipwl_%s {\n", action_of(writer));
}

void openbgpd_write(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "\t%s\n", prefix_format(&node->prefix, text));
}

void openbgpd_end(struct export_writer *writer)
{
	fprintf(writer->stream, "}\nnetwork prefix-set ipwl_%s set community %d:%d\n",
		action_of(writer), BGP_AS, communities[writer->export->action]);
}

/* ---- exabgp -------------------------------------------------------------- */

/* A template for each family: exabgp cannot announce routes of the other family with its own
 * address as the next hop. */
static void exabgp_begin_family(const struct export_writer *writer, enum family family)
{
	fprintf(writer->stream, "\tneighbor ipwl_%s%c {\n\t\tannounce {\n\t\t\tipv%c {\n",
		action_of(writer), family_digits[family], family_digits[family]);
}

static void exabgp_end_family(const struct export_writer *writer)
{
	fputs("\t\t\t}\n\t\t}\n\t}\n", writer->stream);
}

static void exabgp_begin_ipv6(const struct export_writer *writer)
{
	exabgp_end_family(writer);
	exabgp_begin_family(writer, FAMILY_IPV6);
}

void exabgp_begin(struct export_writer *writer)
{
	fputs("template {\n", writer->stream);
	exabgp_begin_family(writer, FAMILY_IPV4);
}

void exabgp_write(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	if (is_ipv6_next(writer, node))
		exabgp_begin_ipv6(writer);
	fprintf(writer->stream, "\t\t\t\tunicast %s next-hop self community %d:%d;\n",
		prefix_format(&node->prefix, text), BGP_AS, communities[writer->export->action]);
}

void exabgp_end(struct export_writer *writer)
{
	if (is_ipv6_next(writer, NULL))
		exabgp_begin_ipv6(writer);
	exabgp_end_family(writer);
	fputs("}\n", writer->stream);
}
