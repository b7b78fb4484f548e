/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains of a configuration, and the resolvers that are asked about them. */
#include "config_loaded.h"

#define LIST "- name: a\n  action: allow\n  domains:\n"

static void test_defaults(void **state)
{
	const struct feed_config *domain;

	(void)state;
	load(LIST "  - spf:Partner.Example.\n  - mail.partner.example\n", "");
	assert_int_equal(config->domain_count, 2);
	assert_int_equal(config->feed_count, 0);
	assert_true(config_has_feeds(config));
	domain = &config->domains[0];
	assert_int_equal(domain->kind, FEED_OF_DOMAIN);
	assert_string_equal(domain->name, "spf:partner.example");
	assert_string_equal(domain->url, "spf:partner.example");
	assert_string_equal(domain->list_name, "a");
	assert_int_equal(domain->action, ACTION_ALLOW);
	assert_int_equal(domain->refresh_sec, 900);
	assert_int_equal(domain->refresh_max_sec, 86400);
	assert_int_equal(domain->gone_after_sec, 7 * 86400);
	assert_int_equal(domain->timeout_sec, 30);
	assert_int_equal(domain->shared, SHARED_EVIDENCED);
	assert_int_equal(domain->guards.min_len[FAMILY_IPV4], 16);
	assert_int_equal(domain->guards.min_len[FAMILY_IPV6], 32);
	assert_int_equal(domain->guards.spaces[FEED_SPACE_RESERVED], SPACE_CUT);
	assert_false(domain->guards.may_be_empty);
	assert_string_equal(config->domains[1].name, "mail.partner.example");
	assert_null(config->resolver.servers);
	assert_false(config->resolver.requires_ad);
}

static void test_values(void **state)
{
	const struct feed_config *domain;

	(void)state;
	load(LIST
	     "  - name: spf:x.example\n    min_refresh: 1m\n    max_refresh: 2h\n"
	     "    gone_after: 30d\n    min_ipv4_length: 12\n    min_ipv6_length: 28\n"
	     "    reserved: hold\n    shared: all\n    may_be_empty: true\n    max_shrink: 100\n"
	     "    max_growth: 3\n"
	     "resolver: {servers: [127.0.0.1, '127.0.0.1:5353', '::1', '[::1]:53'], "
	     "require_ad: true, timeout: 5s, providers: [Spf.Mail.Example.]}\n",
	     "");
	domain = &config->domains[0];
	assert_int_equal(domain->refresh_sec, 60);
	assert_int_equal(domain->refresh_max_sec, 7200);
	assert_int_equal(domain->gone_after_sec, 30 * 86400);
	assert_int_equal(domain->timeout_sec, 5);
	assert_int_equal(domain->guards.min_len[FAMILY_IPV4], 12);
	assert_int_equal(domain->guards.min_len[FAMILY_IPV6], 28);
	assert_int_equal(domain->guards.spaces[FEED_SPACE_RESERVED], SPACE_HOLD);
	assert_true(domain->guards.may_be_empty);
	assert_int_equal(domain->shared, SHARED_ALL);
	assert_int_equal(domain->guards.max_shrink_percent, 100);
	assert_int_equal(domain->guards.max_growth_factor, 3);
	assert_string_equal(config->resolver.servers, "127.0.0.1,127.0.0.1:5353,::1,[::1]:53");
	assert_true(config->resolver.requires_ad);
	assert_string_equal(config->resolver.providers, "spf.mail.example");
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"localhost", "spf:",	     "spf:x",		"dkim:x.example",   "a..example",
		"-",	     "x.example/24", "spf:*.x.example", "m\xc3\xbc.example"
	};
	char text[512], expected[512], longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), LIST "  - '%s'\n", bad[i]);
		snprintf(expected, sizeof(expected), "c.yaml:6:5: \"%s\" is not a domain", bad[i]);
		assert_errors(text, expected);
	}
	/* It must fit into the name of a file. */
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 60; i < sizeof(longest); i += 60)
		longest[i] = '.';
	longest[236] = '\0';
	snprintf(text, sizeof(text), LIST "  - %s\n", longest);
	load(text, "");
	longest[236] = 'a';
	longest[237] = '\0';
	snprintf(text, sizeof(text), LIST "  - %s\n", longest);
	assert_errors(text, "c.yaml:6:5: ...is not a domain");
	assert_errors(LIST
		      "  - spf:x.example\n  - {min_refresh: 1h}\n"
		      "- {name: b, action: allow, domains: [SPF.x.example, 'spf:X.example.']}\n",
		      "c.yaml:7:5: a domain without a name\n"
		      "c.yaml:8:53: domain spf:x.example is duplicated, in this list or another\n");
}

static void test_places(void **state)
{
	(void)state;
	assert_errors("- {name: a, action: block, domains: ['spf:x.example']}\n",
		      "c.yaml:3:37: domains is only for allow lists: remove it\n");
	assert_errors(LIST "  - {name: 'spf:x.example', min_refresh: 2h, max_refresh: 1h}\n",
		      "c.yaml:6:59: max_refresh is shorter than min_refresh\n");
	assert_errors(LIST "  - {name: 'spf:x.example', min_refresh: 59s}\n"
			   "  - {name: 'spf:y.example', gone_after: 1h}\n"
			   "  - {name: 'spf:z.example', min_ipv4_length: 7}\n",
		      "c.yaml:6:42: min_refresh: \"59s\" is not between\n"
		      "c.yaml:7:41: gone_after: \"1h\" is not between\n"
		      "c.yaml:8:46: min_ipv4_length: must be a decimal number from 8 to 32\n");
}

static void test_resolvers(void **state)
{
	(void)state;
	assert_errors(
	    LIST
	    "  - spf:x.example\n"
	    "resolver: {servers: [localhost, '127.0.0.1:0', '[::1', 192.0.2.0/24, '[::1]x']}\n",
	    "c.yaml:7:22: \"localhost\" is not a resolver\n"
	    "c.yaml:7:33: \"127.0.0.1:0\" is not a resolver\n"
	    "c.yaml:7:48: \"[::1\" is not a resolver\n"
	    "c.yaml:7:56: \"192.0.2.0/24\" is not a resolver\n"
	    "c.yaml:7:70: \"[::1]x\" is not a resolver\n");
	assert_errors(LIST "  - spf:x.example\n"
			   "resolver: {require_ad: true, servers: [127.0.0.1, 192.0.2.53]}\n",
		      "c.yaml:7:51: require_ad needs resolvers on this host\n");
	assert_errors(LIST "  - spf:x.example\nresolver: {timeout: 11m}\n",
		      "c.yaml:7:21: timeout: \"11m\" is not between 1s and 10m 0s\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_values, begin, end),
		cmocka_unit_test_setup_teardown(test_names, begin, end),
		cmocka_unit_test_setup_teardown(test_places, begin, end),
		cmocka_unit_test_setup_teardown(test_resolvers, begin, end),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
