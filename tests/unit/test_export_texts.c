/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exported texts, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "export_text.h"
#include "random_policy.h"

/* Exports begin with a comment. */
static const char *after_header(const char *text)
{
	return text + strcspn(text, "\n") + 1;
}

static struct policy *sample(void)
{
	static const char *const texts[] = { "192.0.2.0/30", "!192.0.2.1", "2001:db8::/127",
					     "!2001:db8::1", "192.0.2.4/30" };
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "partners", ACTION_ALLOW);
	struct entry_set *set = entry_set_new();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool is_hole = *texts[i] == '!';
		struct prefix prefix;

		assert_int_equal(
		    prefix_parse(texts[i] + is_hole, strlen(texts[i]) - is_hole, &prefix, NULL),
		    PREFIX_OK);
		add_entry(set, SOURCE_FILE, &prefix, is_hole);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_FILE, set);
	return policy;
}

#define HEADER "# Written by ipwl from the allow list partners. Changes made here are lost.\n"

#define BIRD_PROTOCOL(family)                                                                      \
	"protocol static ipwl_allow" family " {\n\tipv" family " {\n\t\ttable ipwl" family ";\n"   \
	"\t\timport filter { bgp_community.add((65066,42)); accept; };\n\t};\n"
#define UNICAST(prefix) "\t\t\t\tunicast " prefix " next-hop self community 65066:42;\n"

static const struct {
	enum export_format format;
	enum export_families families;
	bool is_aggregated;
	const char *text;
} goldens[] = {
	{ EXPORT_PLAIN, EXPORT_BOTH, true,
	  HEADER "192.0.2.0/29\n!192.0.2.1\n2001:db8::/127\n!2001:db8::1\n" },
	{ EXPORT_PLAIN, EXPORT_IPV4, false, HEADER "192.0.2.0/30\n!192.0.2.1\n192.0.2.4/30\n" },
	{ EXPORT_POSTFIX_CIDR, EXPORT_BOTH, true,
	  HEADER "192.0.2.1\tdunno\n192.0.2.0/29\tpermit\n2001:db8::1\tdunno\n"
		 "2001:db8::/127\tpermit\n" },
	{ EXPORT_RSPAMD_MAP, EXPORT_BOTH, true,
	  HEADER "192.0.2.0\n192.0.2.2/31\n192.0.2.4/30\n2001:db8::\n" },
	{ EXPORT_SPAMASSASSIN, EXPORT_IPV4, true,
	  HEADER "trusted_networks !192.0.2.1\ntrusted_networks 192.0.2.0/29\n" },
	{ EXPORT_RBLDNSD, EXPORT_IPV4, true,
	  HEADER ":127.0.0.2:partners\n192.0.2.0/29\n!192.0.2.1/32\n" },
	{ EXPORT_RBLDNSD, EXPORT_IPV6, true,
	  HEADER ":127.0.0.2:partners\n2001:db8::/127\n!2001:db8::1/128\n" },
	{ EXPORT_EXIM, EXPORT_BOTH, true,
	  HEADER "192.0.2.0\n192.0.2.2/31\n192.0.2.4/30\n\"2001:db8::\"\n" },
	{ EXPORT_OPENSMTPD, EXPORT_BOTH, true,
	  HEADER "# @list\n192.0.2.0\n192.0.2.2/31\n192.0.2.4/30\n2001:db8::\n" },
	{ EXPORT_HAPROXY, EXPORT_IPV6, true, HEADER "2001:db8::\n" },
	{ EXPORT_NFTABLES, EXPORT_BOTH, true,
	  HEADER
	  "add table inet ipwl\n"
	  "add set inet ipwl allow4 { type ipv4_addr; flags interval; }\n"
	  "flush set inet ipwl allow4\n"
	  "add set inet ipwl allow6 { type ipv6_addr; flags interval; }\n"
	  "flush set inet ipwl allow6\n"
	  "add element inet ipwl allow4 {\n\t192.0.2.0,\n\t192.0.2.2/31,\n\t192.0.2.4/30\n}\n"
	  "add element inet ipwl allow6 {\n\t2001:db8::\n}\n" },
	{ EXPORT_IPSET, EXPORT_BOTH, true,
	  HEADER "create ipwl-allow4 hash:net family inet maxelem 16777216 -exist\n"
		 "create ipwl-allow4-new hash:net family inet maxelem 16777216 -exist\n"
		 "create ipwl-allow6 hash:net family inet6 maxelem 16777216 -exist\n"
		 "create ipwl-allow6-new hash:net family inet6 maxelem 16777216 -exist\n"
		 "flush ipwl-allow4-new\nflush ipwl-allow6-new\n"
		 "add ipwl-allow4-new 192.0.2.0/29\nadd ipwl-allow4-new 192.0.2.1 nomatch\n"
		 "add ipwl-allow6-new 2001:db8::/127\nadd ipwl-allow6-new 2001:db8::1 nomatch\n"
		 "swap ipwl-allow4-new ipwl-allow4\ndestroy ipwl-allow4-new\n"
		 "swap ipwl-allow6-new ipwl-allow6\ndestroy ipwl-allow6-new\n" },
	{ EXPORT_BIRD, EXPORT_BOTH, true,
	  HEADER BIRD_PROTOCOL("4") "\troute 192.0.2.0/32 blackhole;\n"
				    "\troute 192.0.2.2/31 blackhole;\n"
				    "\troute 192.0.2.4/30 blackhole;\n"
				    "}\n" BIRD_PROTOCOL("6") "\troute 2001:db8::/128 blackhole;\n"
							     "}\n" },
	{ EXPORT_BIRD, EXPORT_IPV4, true,
	  HEADER BIRD_PROTOCOL("4") "\troute 192.0.2.0/32 blackhole;\n"
				    "\troute 192.0.2.2/31 blackhole;\n"
				    "\troute 192.0.2.4/30 blackhole;\n"
				    "}\n" BIRD_PROTOCOL("6") "}\n" },
	{ EXPORT_OPENBGPD, EXPORT_BOTH, true,
	  HEADER "prefix-set ipwl_allow {\n\t192.0.2.0/32\n\t192.0.2.2/31\n\t192.0.2.4/30\n"
		 "\t2001:db8::/128\n}\n"
		 "network prefix-set ipwl_allow set community 65066:42\n" },
	{ EXPORT_EXABGP, EXPORT_BOTH, true,
	  HEADER "template {\n\tneighbor ipwl_allow4 {\n\t\tannounce {\n\t\t\tipv4 {\n" UNICAST(
	      "192.0.2.0/32") UNICAST("192.0.2.2/31")
	      UNICAST("192.0.2.4/30") "\t\t\t}\n\t\t}\n\t}\n"
				      "\tneighbor ipwl_allow6 {\n\t\tannounce {\n\t\t\tipv6 "
				      "{\n" UNICAST("2001:db8::/128") "\t\t\t}\n\t\t}\n\t}\n}\n" },
	{ EXPORT_EXABGP, EXPORT_IPV6, true,
	  HEADER "template {\n\tneighbor ipwl_allow4 {\n\t\tannounce {\n\t\t\tipv4 {\n"
		 "\t\t\t}\n\t\t}\n\t}\n"
		 "\tneighbor ipwl_allow6 {\n\t\tannounce {\n\t\t\tipv6 {\n" UNICAST(
		     "2001:db8::/128") "\t\t\t}\n\t\t}\n\t}\n}\n" },
	{ EXPORT_JSON, EXPORT_IPV4, true,
	  "{\"schema_version\":1,\"generator\":\"ipwl\",\"lists\":[\"partners\"],"
	  "\"action\":\"allow\",\"prefixes\":[\n\"192.0.2.0/32\",\n\"192.0.2.2/31\",\n"
	  "\"192.0.2.4/30\"\n]}\n" },
	{ EXPORT_JSON_ENTRIES, EXPORT_BOTH, true,
	  "{\"schema_version\":1,\"generator\":\"ipwl\",\"lists\":[\"partners\"],"
	  "\"action\":\"allow\",\"prefixes\":[\n{\"prefix\":\"192.0.2.0/30\"},\n"
	  "{\"prefix\":\"!192.0.2.1/32\"},\n{\"prefix\":\"192.0.2.4/30\"},\n"
	  "{\"prefix\":\"2001:db8::/127\"},\n{\"prefix\":\"!2001:db8::1/128\"}\n]}\n" },
	{ EXPORT_CSV, EXPORT_IPV6, true, "prefix,family,action\n2001:db8::/128,ipv6,allow\n" },
};

static void test_word_for_word(void **state)
{
	struct policy *policy = sample();
	const struct list *const lists[] = { &policy->lists[0] };
	bool is_seen[EXPORT_FORMAT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		const struct export export = { .format = goldens[i].format,
					       .families = goldens[i].families,
					       .is_aggregated = goldens[i].is_aggregated,
					       .lists = lists,
					       .list_count = 1 };
		char *text = text_of(&export);

		is_seen[goldens[i].format] = true;
		assert_string_equal(text, goldens[i].text);
		free(text);
	}
	for (size_t i = 0; i < EXPORT_FORMAT_COUNT; i++)
		assert_true(is_seen[i]);
	policy_free(policy);
}

static void test_block_lists_and_many_lists(void **state)
{
	struct policy *policy = policy_new();
	const struct list *lists[10];
	struct export export = { .format = EXPORT_POSTFIX_CIDR,
				 .action = ACTION_BLOCK,
				 .lists = lists,
				 .list_count = 2 };
	char *text;

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct list *list = policy_add_list(policy, i ? "b" : "a", ACTION_BLOCK);
		struct entry_set *set = entry_set_new();
		struct prefix prefix = { { 10, 0, 0, (uint8_t)(2 * i) }, FAMILY_IPV4, 32 };

		add_entry(set, SOURCE_FILE, &prefix, false);
		entry_set_finish(set);
		list_replace_set(list, SOURCE_FILE, set);
	}
	for (int i = 0; i < 10; i++)
		lists[i] = &policy->lists[i];
	text = text_of(&export);
	assert_string_equal(text, "# Written by ipwl from the block lists a, b. Changes made here "
				  "are lost.\n10.0.0.0\treject\n10.0.0.2\treject\n");
	free(text);
	export.list_count = 10;
	export.format = EXPORT_RBLDNSD;
	export.families = EXPORT_IPV6;
	text = text_of(&export);
	assert_string_equal(text, "# Written by ipwl from 10 block lists. Changes made here are "
				  "lost.\n:127.0.0.2:ipwl\n");
	free(text);
	policy_free(policy);
}

/* Addresses that an allow list holds get no route of a block list, whatever its length. */
static void test_routes_of_a_block_list_spare_the_allowed(void **state)
{
	static const struct {
		const char *prefix;
		bool is_hole;
	} texts[ACTION_COUNT][4] = {
		[ACTION_ALLOW] = { { "192.0.2.0/29", false },
				   { "192.0.2.4/31", true },
				   { "198.51.100.0/24", false },
				   { "2001:db8::/32", false } },
		[ACTION_BLOCK] = { { "192.0.2.0/28", false },
				   { "198.51.100.0/24", false },
				   { "198.51.100.128/25", false },
				   { "2001:db8:1::/48", false } },
	};
	struct policy *policy = policy_new();
	const struct list *lists[ACTION_COUNT];
	struct export export = { .action = ACTION_BLOCK,
				 .is_aggregated = true,
				 .lists = &lists[ACTION_BLOCK],
				 .list_count = 1,
				 .allow_lists = &lists[ACTION_ALLOW],
				 .allow_list_count = 1 };
	char *text;

	(void)state;
	policy_add_list(policy, "partners", ACTION_ALLOW);
	policy_add_list(policy, "drop", ACTION_BLOCK);
	for (int action = 0; action < ACTION_COUNT; action++) {
		struct entry_set *set = entry_set_new();

		for (int i = 0; i < 4; i++) {
			const char *name = texts[action][i].prefix;
			struct prefix prefix;

			assert_int_equal(prefix_parse(name, strlen(name), &prefix, NULL),
					 PREFIX_OK);
			add_entry(set, SOURCE_FILE, &prefix, texts[action][i].is_hole);
		}
		entry_set_finish(set);
		list_replace_set(&policy->lists[action], SOURCE_FILE, set);
		lists[action] = &policy->lists[action];
	}
	export.format = EXPORT_OPENBGPD;
	text = text_of(&export);
	assert_string_equal(after_header(text),
			    "prefix-set ipwl_block {\n\t192.0.2.4/31\n\t192.0.2.8/29\n}\n"
			    "network prefix-set ipwl_block set community 65066:666\n");
	free(text);
	/* Others look into the allow lists first. */
	export.format = EXPORT_HAPROXY;
	text = text_of(&export);
	assert_string_equal(after_header(text), "192.0.2.0/28\n198.51.100.0/24\n2001:db8:1::/48\n");
	free(text);
	policy_free(policy);
}

/* The programs read a text without a prefix, too, and then withdraw all routes. */
static void test_routes_of_an_empty_block_list(void **state)
{
	static const struct {
		enum export_format format;
		const char *text;
	} texts[] = {
		{ EXPORT_BIRD,
		  "protocol static ipwl_block4 {\n\tipv4 {\n\t\ttable ipwl4;\n"
		  "\t\timport filter { bgp_community.add((65066,666)); accept; };\n\t};\n}\n"
		  "protocol static ipwl_block6 {\n\tipv6 {\n\t\ttable ipwl6;\n"
		  "\t\timport filter { bgp_community.add((65066,666)); accept; };\n\t};\n}\n" },
		{ EXPORT_OPENBGPD, "prefix-set ipwl_block {\n}\n"
				   "network prefix-set ipwl_block set community 65066:666\n" },
		{ EXPORT_EXABGP, "template {\n"
				 "\tneighbor ipwl_block4 {\n\t\tannounce {\n\t\t\tipv4 {\n"
				 "\t\t\t}\n\t\t}\n\t}\n"
				 "\tneighbor ipwl_block6 {\n\t\tannounce {\n\t\t\tipv6 {\n"
				 "\t\t\t}\n\t\t}\n\t}\n}\n" },
	};
	struct policy *policy = policy_new();
	const struct list *list = policy_add_list(policy, "drop", ACTION_BLOCK);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct export export = { .format = texts[i].format,
					       .action = ACTION_BLOCK,
					       .lists = &list,
					       .list_count = 1 };
		char *text = text_of(&export);

		assert_string_equal(after_header(text), texts[i].text);
		free(text);
	}
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word_for_word),
		cmocka_unit_test(test_block_lists_and_many_lists),
		cmocka_unit_test(test_routes_of_a_block_list_spare_the_allowed),
		cmocka_unit_test(test_routes_of_an_empty_block_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
