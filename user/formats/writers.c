/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the lines of each format, and the text around them. */
#include "formats/layout.h"
#include "formats/writers_bgp.h"

/* The answer of rbldnsd for an address of the list. */
#define RBLDNSD_ADDRESS "127.0.0.2"

static const char *text_of(const struct prefix_node *node, char text[PREFIX_TEXT_BYTES])
{
	return prefix_format_short(&node->prefix, text);
}

/* ---- one prefix a line --------------------------------------------------- */

static void write_line(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s%s\n", node->is_hole ? "!" : "", text_of(node, text));
}

/* A colon would end the key. */
static void write_quoted_ipv6(struct export_writer *writer, const struct prefix_node *node)
{
	const char *quote = node->prefix.family == FAMILY_IPV6 ? "\"" : "";
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s%s%s\n", quote, text_of(node, text), quote);
}

/* `dunno` in a table makes Postfix continue after the table: this is a hole only in this list. */
static void write_postfix(struct export_writer *writer, const struct prefix_node *node)
{
	const char *result = writer->export->action == ACTION_ALLOW ? "permit" : "reject";
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s\t%s\n", text_of(node, text), node->is_hole ? "dunno" : result);
}

static void write_spamassassin(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "trusted_networks %s%s\n", node->is_hole ? "!" : "",
		text_of(node, text));
}

/* This says that each line is one value. Otherwise a colon would split all lines into keys and
 * values. */
static void begin_opensmtpd(struct export_writer *writer)
{
	fputs("# @list\n", writer->stream);
}

/* ---- rbldnsd ------------------------------------------------------------- */

/* The text is that of a TXT record: short, and without a $. */
static void begin_rbldnsd(struct export_writer *writer)
{
	const struct export *export = writer->export;

	fprintf(writer->stream, ":" RBLDNSD_ADDRESS ":%s\n",
		export->list_count == 1 ? export->lists[0]->name : "ipwl");
}

/* Always with the length: a short IPv6 address would be a network. */
static void write_rbldnsd(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s%s\n", node->is_hole ? "!" : "",
		prefix_format(&node->prefix, text));
}

/* ---- nftables ------------------------------------------------------------ */

static const char family_digits[FAMILY_COUNT] = { '4', '6' };

/* Loading the file again replaces the elements of the sets, all at once. */
static void begin_nftables(struct export_writer *writer)
{
	const char *name = action_names[writer->export->action];

	fputs("add table inet ipwl\n", writer->stream);
	for (int family = 0; family < FAMILY_COUNT; family++)
		fprintf(writer->stream,
			"add set inet ipwl %s%c { type ipv%c_addr; flags interval; }\n"
			"flush set inet ipwl %s%c\n",
			name, family_digits[family], family_digits[family], name,
			family_digits[family]);
}

static void end_nftables(struct export_writer *writer)
{
	if (writer->count)
		fputs("\n}\n", writer->stream);
}

static void write_nftables(struct export_writer *writer, const struct prefix_node *node)
{
	enum family family = (enum family)node->prefix.family;
	char text[PREFIX_TEXT_BYTES];

	if (writer->family_counts[family]) {
		fprintf(writer->stream, ",\n\t%s", text_of(node, text));
		return;
	}
	end_nftables(writer);
	fprintf(writer->stream, "add element inet ipwl %s%c {\n\t%s",
		action_names[writer->export->action], family_digits[family], text_of(node, text));
}

/* ---- ipset --------------------------------------------------------------- */

/* The kernel allocates memory for the elements only, whatever the maximum. */
#define IPSET_ELEMENTS_MAX 16777216

/* The new sets are swapped in when they are complete, so there is always a whole one. */
static void begin_ipset(struct export_writer *writer)
{
	static const char *const suffixes[] = { "", "-new" };

	for (int i = 0; i < 2 * FAMILY_COUNT; i++)
		fprintf(writer->stream, "create ipwl-%s%c%s hash:net family %s maxelem %d -exist\n",
			action_names[writer->export->action], family_digits[i / 2], suffixes[i % 2],
			i / 2 == FAMILY_IPV4 ? "inet" : "inet6", IPSET_ELEMENTS_MAX);
	for (int family = 0; family < FAMILY_COUNT; family++)
		fprintf(writer->stream, "flush ipwl-%s%c-new\n",
			action_names[writer->export->action], family_digits[family]);
}

/* A half of everything may be there twice, and then the later one counts. */
static void write_element(struct export_writer *writer, const struct prefix *prefix, bool is_hole)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "add ipwl-%s%c-new %s%s%s\n", action_names[writer->export->action],
		family_digits[prefix->family], prefix_format_short(prefix, text),
		is_hole ? " nomatch" : "", prefix->len == 1 ? " -exist" : "");
}

/* Such a set has no networks of the length 0. */
static void write_ipset(struct export_writer *writer, const struct prefix_node *node)
{
	struct prefix half = node->prefix;

	if (half.len > 0) {
		write_element(writer, &half, node->is_hole);
		return;
	}
	half.len = 1;
	write_element(writer, &half, node->is_hole);
	half.addr[0] = 0x80;
	write_element(writer, &half, node->is_hole);
}

static void end_ipset(struct export_writer *writer)
{
	const char *name = action_names[writer->export->action];

	for (int family = 0; family < FAMILY_COUNT; family++)
		fprintf(writer->stream, "swap ipwl-%s%c-new ipwl-%s%c\ndestroy ipwl-%s%c-new\n",
			name, family_digits[family], name, family_digits[family], name,
			family_digits[family]);
}

/* ---- for programs -------------------------------------------------------- */

/* Names of lists and actions need no escapes. */
static void begin_json(struct export_writer *writer)
{
	const struct export *export = writer->export;

	fputs("{\"schema_version\":1,\"generator\":\"ipwl\",\"lists\":[", writer->stream);
	for (size_t i = 0; i < export->list_count; i++)
		fprintf(writer->stream, "%s\"%s\"", i ? "," : "", export->lists[i]->name);
	fprintf(writer->stream, "],\"action\":\"%s\",\"prefixes\":[", action_names[export->action]);
}

static void write_json(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s\n\"%s\"", writer->count ? "," : "",
		prefix_format(&node->prefix, text));
}

static void end_json(struct export_writer *writer)
{
	fputs("\n]}\n", writer->stream);
}

static void begin_csv(struct export_writer *writer)
{
	fputs("prefix,family,action\n", writer->stream);
}

static void write_csv(struct export_writer *writer, const struct prefix_node *node)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(writer->stream, "%s,%s,%s\n", prefix_format(&node->prefix, text),
		node->prefix.family == FAMILY_IPV4 ? "ipv4" : "ipv6",
		action_names[writer->export->action]);
}

/* ---- all of them --------------------------------------------------------- */

const char *const export_format_names[] = {
	[EXPORT_PLAIN] = "plain",
	[EXPORT_POSTFIX_CIDR] = "postfix-cidr",
	[EXPORT_RSPAMD_MAP] = "rspamd-map",
	[EXPORT_SPAMASSASSIN] = "spamassassin",
	[EXPORT_RBLDNSD] = "rbldnsd",
	[EXPORT_EXIM] = "exim",
	[EXPORT_OPENSMTPD] = "opensmtpd",
	[EXPORT_HAPROXY] = "haproxy",
	[EXPORT_NFTABLES] = "nftables",
	[EXPORT_IPSET] = "ipset",
	[EXPORT_BIRD] = "bird",
	[EXPORT_OPENBGPD] = "openbgpd",
	[EXPORT_EXABGP] = "exabgp",
	[EXPORT_JSON] = "json",
	[EXPORT_JSON_ENTRIES] = "json-entries",
	[EXPORT_CSV] = "csv",
};
_Static_assert(sizeof(export_format_names) / sizeof(export_format_names[0]) == EXPORT_FORMAT_COUNT,
	       "all");

const struct export_layout export_layouts[] = {
	[EXPORT_PLAIN] = { ORDER_OUTER_FIRST, true, NULL, write_line, NULL },
	[EXPORT_POSTFIX_CIDR] = { ORDER_SPECIFIC_FIRST, true, NULL, write_postfix, NULL },
	[EXPORT_RSPAMD_MAP] = { ORDER_FLAT, true, NULL, write_line, NULL },
	[EXPORT_SPAMASSASSIN] = { ORDER_SPECIFIC_FIRST, true, NULL, write_spamassassin, NULL },
	[EXPORT_RBLDNSD] = { ORDER_OUTER_FIRST, true, begin_rbldnsd, write_rbldnsd, NULL },
	[EXPORT_EXIM] = { ORDER_FLAT, true, NULL, write_quoted_ipv6, NULL },
	[EXPORT_OPENSMTPD] = { ORDER_FLAT, true, begin_opensmtpd, write_line, NULL },
	[EXPORT_HAPROXY] = { ORDER_FLAT, true, NULL, write_line, NULL },
	[EXPORT_NFTABLES] = { ORDER_FLAT, true, begin_nftables, write_nftables, end_nftables },
	[EXPORT_IPSET] = { ORDER_OUTER_FIRST, true, begin_ipset, write_ipset, end_ipset },
	[EXPORT_BIRD] = { ORDER_ROUTES, true, bird_begin, bird_write, bird_end },
	[EXPORT_OPENBGPD] = { ORDER_ROUTES, true, openbgpd_begin, openbgpd_write, openbgpd_end },
	[EXPORT_EXABGP] = { ORDER_ROUTES, true, exabgp_begin, exabgp_write, exabgp_end },
	[EXPORT_JSON] = { ORDER_FLAT, false, begin_json, write_json, end_json },
	[EXPORT_JSON_ENTRIES] = { ORDER_ENTRIES, false, NULL, NULL, NULL },
	[EXPORT_CSV] = { ORDER_FLAT, false, begin_csv, write_csv, NULL },
};
_Static_assert(sizeof(export_layouts) / sizeof(export_layouts[0]) == EXPORT_FORMAT_COUNT, "all");
