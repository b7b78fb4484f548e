/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Postfix' tables: actions, if, and the order of rules. The order is compared with an oracle
 * that goes through the rules one by one, as Postfix does. */
#include "format_fixture.h"

static void test_actions(void **state)
{
	static const char text[] = "# comment\n"
				   "192.0.2.1 permit\n"
				   "192.0.2.2 OK\n"
				   "192.0.2.3 REJECT spam source\n"
				   "192.0.2.4 550 5.7.1 go away\n"
				   "192.0.2.5 450 later\n"
				   "192.0.2.6 dunno\n"
				   "192.0.2.7 1700000000\n"
				   "192.0.2.8 check_greylist\n"
				   "192.0.2.9\tPERMIT\r\n";

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW, text,
		      "2 192.0.2.1\n3 192.0.2.2\n8 192.0.2.7\n10 192.0.2.9\n",
		      "9 rules: 4 entries, 5 skipped: 5 of another action");
	assert_int_equal(format_result.format, FORMAT_POSTFIX_CIDR);
	format_assert(FORMAT_POSTFIX_CIDR, ACTION_BLOCK, text,
		      "4 192.0.2.3 (spam source)\n5 192.0.2.4 (5.7.1 go away)\n",
		      "9 rules: 2 entries, 7 skipped: 7 of another action");
}

/* Values that are not actions make it a map. One action makes all of it a table, because a map
 * would list its rejects. */
static void test_not_a_map(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "192.0.2.1 partner_a\n192.0.2.2 partner_b\n192.0.2.3 reject\n", "",
		      "3 rules: 0 entries, 3 skipped: 3 of another action");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "192.0.2.1 550 go away\n", "",
		      "1 rule: 0 entries, 1 skipped: 1 of another action");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "192.0.2.1 partner_a\n192.0.2.2 partner_b\n",
		      "1 192.0.2.1 (partner_a)\n2 192.0.2.2 (partner_b)\n",
		      "2 prefixes: 2 entries");
}

static void test_patterns(void **state)
{
	(void)state;
	format_assert(FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
		      "[2001:DB8::]/32 permit\n[2001:db8:1::/48] permit\n[192.0.2.1] permit\n"
		      "192.0.2.9/24 permit\n192.0.02.010 permit\n010.0.0.0/8 permit\n",
		      "6 8.0.0.0/8\n3 192.0.2.1\n5 192.0.2.8\n1 2001:db8::/32\n2 2001:db8:1::/48\n",
		      "6 rules: 5 entries, 1 skipped: 1 with host bits");
	fixture_assert(&format_diagnostics,
		       "list:4:1: warning: 192.0.2.9/24 has host bits set: Postfix passes over\n"
		       "list:5:1: warning: 192.0.02.010 has octal numbers, as Postfix reads them: "
		       "read as 192.0.2.8\n"
		       "list:6:1: warning: 010.0.0.0/8 has octal numbers, as Postfix reads them: "
		       "read as 8.0.0.0/8\n");
	format_assert_bad(
	    FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
	    "!192.0.2.0/24 reject\n192.0.2.08 permit\n192.0.2.1\n192.0.2.0/24x permit\n"
	    "[2001:db8::/32 permit\n192.0.2.1 \"permit\"\n",
	    "list:1:1: !192.0.2.0/24 means everything but a network\n"
	    "list:2:9: ...leading zero\n"
	    "list:3: a pattern without an action\n"
	    "list:4:13: ...after the slash\n"
	    "list:5:1: ...is not an IP address\n"
	    "list:6:11: \"\"permit\"\" is not an action\n");
}

static void test_continuation(void **state)
{
	(void)state;
	format_assert(FORMAT_POSTFIX_CIDR, ACTION_BLOCK,
		      "192.0.2.1\n"
		      "\treject\n"
		      "# between\n"
		      "   and a text\n"
		      "192.0.2.2 reject one\n"
		      "    two\n"
		      "192.0.2.3\n"
		      "\n"
		      "# the next belongs to 192.0.2.3\n"
		      " reject\n",
		      "1 192.0.2.1\n5 192.0.2.2 (one)\n7 192.0.2.3\n", "3 rules: 3 entries");
	format_assert_bad(FORMAT_POSTFIX_CIDR, ACTION_BLOCK, " 192.0.2.1 reject\n192.0.2.2\n",
			  "list:1:1: begins with a space\nlist:2: a pattern without an action\n");
}

static void test_order(void **state)
{
	(void)state;
	/* An earlier reject is a hole; a later one is not. */
	format_assert(
	    FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
	    "10.1.0.0/16 reject\n10.1.2.0/24 permit\n10.0.0.0/8 permit\n10.2.0.0/16 reject\n",
	    "3 10.0.0.0/8\n1 !10.1.0.0/16\n",
	    "4 rules: 1 entry, 1 exclusion, 2 skipped: 2 never reached");
	/* A permit inside an earlier permit is an entry of its own; the same again is not. */
	format_assert(FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
		      "10.0.0.0/8 permit\n10.1.0.0/16 permit\n10.1.0.0/16 permit\n10.0.0.0/8 ok\n",
		      "1 10.0.0.0/8\n2 10.1.0.0/16\n",
		      "4 rules: 2 entries, 1 duplicate, 1 skipped: 1 never reached");
	format_assert(FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
		      "10.1.0.0/16 dunno\n10.1.0.0/16 permit\n192.0.2.0/24 reject\n", "",
		      "3 rules: 0 entries, 3 skipped: 2 of another action, 1 never reached");
}

static void test_if(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "if 10.0.0.0/8\n"
		      "0.0.0.0/0 permit\n"
		      "if 10.1.0.0/16\n"
		      "10.1.2.0/24 permit\n"
		      "192.0.2.0/24 permit\n"
		      "endif\n"
		      "192.0.2.1 permit\n"
		      "endif\n"
		      "192.0.2.2 permit\n",
		      "2 10.0.0.0/8\n4 10.1.2.0/24\n9 192.0.2.2\n",
		      "5 rules: 3 entries, 2 skipped: 2 never reached");
	assert_int_equal(format_result.format, FORMAT_POSTFIX_CIDR);
	format_assert_bad(FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
			  "if !10.0.0.0/8\n192.0.2.1 permit\nendif\nendif\nif 10.0.0.0/8\n"
			  "if 192.0.2.0/24\n",
			  "list:1:4: !10.0.0.0/8 means everything but\n"
			  "list:4:1: endif without an if\nlist:6: if without an endif\n");
}

/* Rules under an if that cannot be read must not become rules for everyone. */
static void test_skipped_if(void **state)
{
	static const char text[] = "if 10.0.0.0/8x\n0.0.0.0/0 permit\nendif\n192.0.2.1 permit\n";
	struct format_input input = format_input_of(text, sizeof(text) - 1);
	char *found;

	(void)state;
	input.format = FORMAT_POSTFIX_CIDR;
	input.skips_bad_lines = true;
	assert_int_equal(format_read(&input, &format_result), 0);
	found = format_text();
	assert_string_equal(found, "4 192.0.2.1\n");
	free(found);
	assert_int_equal(format_result.bad_line_count, 1);
	/* A rule for all but a network decides for everyone: never skipped. */
	format_again();
	input = format_input_of("!10.0.0.0/8 reject\n0.0.0.0/0 permit\n", 37);
	input.format = FORMAT_POSTFIX_CIDR;
	input.skips_bad_lines = true;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
}

/* ---- the order, against an oracle --------------------------------------------------- */

#define RULES_MAX 24
#define IF_MAX 4

struct oracle_rule {
	enum { ORACLE_RULE, ORACLE_IF, ORACLE_ENDIF } kind;
	struct prefix prefix;
	bool is_listed;
};

/* Prefixes of one small space, so that they lie in one another; host bits are zero. */
static struct prefix random_prefix(void)
{
	struct prefix prefix = { .family = FAMILY_IPV4,
				 .len = (uint8_t)(24 + random() % 9),
				 .addr = { 192, 0, 2, (uint8_t)random() } };

	if (random() % 8 == 0)
		prefix.len = (uint8_t)(random() % 25);
	return prefix_truncate(&prefix, prefix.len);
}

static size_t random_rules(struct oracle_rule rules[RULES_MAX], FILE *file)
{
	size_t count = (size_t)(random() % (RULES_MAX - IF_MAX)), depth = 0;
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++) {
		struct oracle_rule *rule = &rules[i];

		rule->prefix = random_prefix();
		rule->is_listed = random() % 2;
		rule->kind = ORACLE_RULE;
		prefix_format(&rule->prefix, text);
		if (depth < IF_MAX && random() % 6 == 0) {
			rule->kind = ORACLE_IF;
			depth++;
			fprintf(file, "if %s\n", text);
		} else if (depth > 0 && random() % 4 == 0) {
			rule->kind = ORACLE_ENDIF;
			depth--;
			fputs("endif\n", file);
		} else {
			fprintf(file, "%s %s\n", text,
				rule->is_listed ? "permit"
				: random() % 2	? "reject"
						: "dunno");
		}
	}
	for (; depth > 0; depth--) {
		rules[count++].kind = ORACLE_ENDIF;
		fputs("endif\n", file);
	}
	return count;
}

/* As Postfix goes through them. */
static bool oracle_lists(const struct oracle_rule *rules, size_t count,
			 const struct prefix *address)
{
	size_t off_depth = 0; /* of ifs that do not hold */

	for (size_t i = 0; i < count; i++) {
		const struct oracle_rule *rule = &rules[i];
		bool matches = prefix_contains(&rule->prefix, address);

		if (rule->kind == ORACLE_IF && (off_depth > 0 || !matches))
			off_depth++;
		else if (rule->kind == ORACLE_ENDIF && off_depth > 0)
			off_depth--;
		else if (rule->kind == ORACLE_RULE && off_depth == 0 && matches)
			return rule->is_listed;
	}
	return false;
}

/* The most specific of entries and exclusions. */
static bool set_lists(const struct entry_set *set, const struct prefix *address)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		if (!prefix_contains(&entry->prefix, address))
			continue;
		if (!best || entry->prefix.len > best->prefix.len ||
		    (entry->prefix.len == best->prefix.len && entry->is_exclusion))
			best = entry;
	}
	return best && !best->is_exclusion;
}

static void check_random_table(void)
{
	struct oracle_rule rules[RULES_MAX];
	char *text = NULL;
	size_t bytes, count;
	FILE *file = open_memstream(&text, &bytes);

	count = random_rules(rules, file);
	fclose(file);
	format_again();
	assert_int_equal(format_read_text(FORMAT_POSTFIX_CIDR, ACTION_ALLOW, text), 0);
	entry_set_finish(format_set);
	for (unsigned int i = 0; i < 512; i++) {
		struct prefix address = { .family = FAMILY_IPV4,
					  .len = 32,
					  .addr = { 192, 0, (uint8_t)(1 + i / 256), (uint8_t)i } };

		if (oracle_lists(rules, count, &address) != set_lists(format_set, &address))
			fail_msg("192.0.%u.%u is decided otherwise:\n%s", address.addr[2],
				 address.addr[3], text);
	}
	free(text);
}

static void test_random_order(void **state)
{
	const char *seed_text = getenv("IPWL_SEED");
	unsigned int seed =
	    seed_text ? (unsigned int)strtoul(seed_text, NULL, 10) : (unsigned int)getpid();

	(void)state;
	print_message("IPWL_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 2000; i++)
		check_random_table();
}

#define POSTFIX_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POSTFIX_TEST(test_actions),    POSTFIX_TEST(test_not_a_map),
		POSTFIX_TEST(test_patterns),   POSTFIX_TEST(test_continuation),
		POSTFIX_TEST(test_order),      POSTFIX_TEST(test_if),
		POSTFIX_TEST(test_skipped_if), POSTFIX_TEST(test_random_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
