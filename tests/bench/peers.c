/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ipwl replaces: nftables (an interval set at netdev ingress), ipset (hash:net,
 * in the raw table), xdp-filter (exact addresses). Each is set up as its manual says,
 * in the form that costs it least.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "receiver.h"
#include "report.h"
#include "sandbox.h"

#define RULES SANDBOX_DIR "/rules"
#define XDP_FILTER_MAP "/sys/fs/bpf/xdp-filter/filter_ipv4"

static FILE *open_rules(void)
{
	FILE *file = fopen(RULES, "w");

	if (!file)
		die(RULES ": %m");
	return file;
}

static void close_rules(FILE *file)
{
	if (fclose(file))
		die(RULES ": %m");
}

static const char *format_address(address_number number, char text[INET_ADDRSTRLEN])
{
	struct in_addr address = { .s_addr = htonl((uint32_t)number) };

	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

/* ---- the witness: a table of its own behind nftables and ipset ------------ */

/* nft would read the whole set to show a counter, even in another table. */
static void witness(const struct receiver *receiver, bool is_on)
{
	sandbox_run(receiver->wire.netns, "iptables -w -t mangle %s",
		    is_on ? "-A PREROUTING -j DROP" : "-F PREROUTING");
}

static uint64_t witness_passed(const struct receiver *receiver)
{
	char text[512];
	const char *line;

	sandbox_read(receiver->wire.netns, "iptables -w -t mangle -nvxL PREROUTING", text,
		     sizeof(text));
	/* Below the name of the chain and of the columns. */
	line = strchr(text, '\n');
	line = line ? strchr(line + 1, '\n') : NULL;
	if (!line || !strstr(line, "DROP"))
		die("the witness does not count: %s", text);
	return strtoull(line + 1, NULL, 10);
}

/* ---- nftables ------------------------------------------------------------ */

/* What the first chain passes, the next of the same hook drops. */
static void nftables_end(const struct receiver *receiver, bool is_on)
{
	if (is_on)
		sandbox_run(receiver->wire.netns,
			    "nft 'table netdev end { chain end { type filter hook ingress device "
			    "%s priority 10; policy drop; }; }'",
			    receiver->wire.device);
	else
		sandbox_run(receiver->wire.netns, "nft delete table netdev end");
}

static void nftables_count(const struct receiver *receiver, bool is_on)
{
	nftables_end(receiver, !is_on);
	witness(receiver, is_on);
}

/* With overlaps merged, which an interval set does not take and nft's auto-merge would
 * do as well, but slower. */
static void open_nftables(struct receiver *receiver, const struct receiver_list *list)
{
	FILE *file = open_rules();

	fprintf(file, "table netdev bench {\nset listed {\ntype ipv4_addr; flags interval;\n"
		      "elements = {\n");
	for (size_t i = 0; i < list->list->range_count; i++) {
		const struct range *range = &list->list->ranges[i];
		char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN];

		fprintf(file, range->first == range->last ? "%s,\n" : "%s-%s,\n",
			format_address(range->first, first), format_address(range->last, last));
	}
	fprintf(file,
		"}\n}\nchain ingress {\ntype filter hook ingress device %s priority 0;\n"
		"ip saddr @listed drop\n}\n}\n",
		receiver->wire.device);
	close_rules(file);
	sandbox_run(receiver->wire.netns, "nft -f " RULES);
	nftables_end(receiver, true);
	unlink(RULES);
}

const struct receiver_kind receiver_nftables = {
	.name = "nftables",
	.program = "nft",
	.open = open_nftables,
	.passed = witness_passed,
	.count_passed = nftables_count,
};

/* ---- ipset --------------------------------------------------------------- */

static void ipset_count(const struct receiver *receiver, bool is_on)
{
	sandbox_run(receiver->wire.netns, "iptables -w -t raw -P PREROUTING %s",
		    is_on ? "ACCEPT" : "DROP");
	witness(receiver, is_on);
}

static void open_ipset(struct receiver *receiver, const struct receiver_list *list)
{
	FILE *file = open_rules();

	fprintf(file, "create listed hash:net maxelem %zu\n", list->list->count + 1);
	for (size_t i = 0; i < list->list->count; i++) {
		char text[PREFIX_TEXT_BYTES];

		fprintf(file, "add listed %s\n", prefix_format(&list->list->prefixes[i], text));
	}
	close_rules(file);
	sandbox_run(receiver->wire.netns, "ipset -f " RULES " restore");
	sandbox_run(receiver->wire.netns,
		    "iptables -w -t raw -A PREROUTING -m set --match-set listed src -j DROP");
	sandbox_run(receiver->wire.netns, "iptables -w -t raw -P PREROUTING DROP");
	unlink(RULES);
}

const struct receiver_kind receiver_ipset = {
	.name = "ipset",
	.program = "ipset",
	.open = open_ipset,
	.passed = witness_passed,
	.count_passed = ipset_count,
};

/* ---- xdp-filter ---------------------------------------------------------- */

/* A process for each address would take minutes. Its program adds the first; the
 * others get the same value, written to the same map. */
static void open_xdp_filter(struct receiver *receiver, const struct receiver_list *list)
{
	const struct prefix *prefixes = list->list->prefixes;
	char text[PREFIX_TEXT_BYTES];
	uint64_t values[1024]; /* one for each possible CPU */
	int map;

	sandbox_run(receiver->wire.netns, "xdp-filter load -m native -p allow -f ipv4 %s",
		    receiver->wire.device);
	sandbox_run(receiver->wire.netns, "xdp-filter ip -m src %s",
		    prefix_format_short(&prefixes[0], text));
	map = bpf_obj_get(XDP_FILTER_MAP);
	if (map < 0 || bpf_map_lookup_elem(map, prefixes[0].addr, values))
		die(XDP_FILTER_MAP ": %m");
	for (size_t i = 1; i < list->list->count; i++)
		if (bpf_map_update_elem(map, prefixes[i].addr, values, 0))
			die(XDP_FILTER_MAP ": %m");
	close(map);
	floor_attach_end(&receiver->wire);
}

static void close_xdp_filter(struct receiver *receiver)
{
	sandbox_run(receiver->wire.netns, "xdp-filter unload %s", receiver->wire.device);
}

const struct receiver_kind receiver_xdp_filter = {
	.name = "xdp-filter",
	.program = "xdp-filter",
	.open = open_xdp_filter,
	.close = close_xdp_filter,
	.passed = floor_passed,
};
