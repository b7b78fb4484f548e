/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The feeds of a configuration: their keys, defaults and errors. */
#include "config_loaded.h"

#define LIST "- name: a\n  action: block\n  feeds:\n"

static void test_defaults(void **state)
{
	const struct feed_config *feed;

	(void)state;
	load(LIST "  - {name: one, url: 'https://feeds.example/a'}\n", "");
	assert_int_equal(config->feed_count, 1);
	feed = &config->feeds[0];
	assert_string_equal(feed->name, "one");
	assert_string_equal(feed->list_name, "a");
	assert_int_equal(feed->action, ACTION_BLOCK);
	assert_string_equal(feed->url, "https://feeds.example/a");
	assert_int_equal(feed->format, FORMAT_AUTO);
	assert_false(feed->skips_errors);
	assert_int_equal(feed->refresh_sec, 12 * 3600);
	assert_int_equal(feed->timeout_sec, 300);
	assert_int_equal(feed->max_bytes, 64 << 20);
	assert_null(feed->user);
	assert_null(feed->token_file);
	assert_null(feed->ca_file);
	assert_false(feed->guards.may_be_empty || feed->guards.may_hold_protected);
	assert_int_equal(feed->guards.spaces[FEED_SPACE_RESERVED], SPACE_HOLD);
	assert_int_equal(feed->guards.spaces[FEED_SPACE_OWN], SPACE_HOLD);
	assert_true(feed->guards.checks_count);
	assert_int_equal(feed->guards.max_shrink_percent, 50);
	assert_int_equal(feed->guards.max_growth_factor, 10);
	assert_int_equal(feed->guards.min_len[FAMILY_IPV4], 8);
	assert_int_equal(feed->guards.min_len[FAMILY_IPV6], 19);
	assert_int_equal(config->protected_count, 0);
}

static void test_values(void **state)
{
	const struct feed_config *feed;

	(void)state;
	load("- name: b\n  action: allow\n  feeds:\n"
	     "  - name: x.y\n    url: https://h/p\n    format: drop-json\n    on_error: skip\n"
	     "    refresh: 10m\n    timeout: 30s\n    max_bytes: 1000\n    user: mx\n"
	     "    token_file: /etc/t\n    ca_file: /etc/ca.pem\n    may_be_empty: true\n"
	     "    max_shrink: 100\n    max_growth: 1\n    min_ipv4_length: 0\n"
	     "    min_ipv6_length: 128\n    may_hold_reserved: true\n    may_hold_own: true\n"
	     "    may_hold_protected: true\n    check_count: false\n    select: {Service: S3, "
	     "port: 25}\n"
	     "  - {name: z, url: 'file:///srv/list', refresh: 1w2d}\n"
	     "- {name: c, action: block, feeds: [{name: w, url: 'http://h'}]}\n"
	     "- {name: d, action: block, feeds: ~}\n"
	     "protected: [192.0.2.7, '2001:db8::/32']\n",
	     "");
	assert_int_equal(config->feed_count, 3);
	feed = feed_config_find(config_feeds(config, FEED_OF_URL), "x.y");
	assert_non_null(feed);
	assert_int_equal(feed->action, ACTION_ALLOW);
	assert_int_equal(feed->format, FORMAT_DROP_JSON);
	assert_true(feed->skips_errors);
	assert_int_equal(feed->select.count, 2);
	assert_string_equal(feed->select.conditions[0].field, "Service");
	assert_string_equal(feed->select.conditions[1].value, "25");
	assert_int_equal(feed->refresh_sec, 600);
	assert_int_equal(feed->timeout_sec, 30);
	assert_int_equal(feed->max_bytes, 1000);
	assert_string_equal(feed->user, "mx");
	assert_string_equal(feed->token_file, "/etc/t");
	assert_string_equal(feed->ca_file, "/etc/ca.pem");
	assert_true(feed->guards.may_be_empty && feed->guards.may_hold_protected &&
		    !feed->guards.checks_count);
	assert_int_equal(feed->guards.spaces[FEED_SPACE_RESERVED], SPACE_TAKE);
	assert_int_equal(feed->guards.spaces[FEED_SPACE_OWN], SPACE_TAKE);
	assert_int_equal(feed->guards.max_shrink_percent, 100);
	assert_int_equal(feed->guards.max_growth_factor, 1);
	assert_int_equal(feed->guards.min_len[FAMILY_IPV4], 0);
	assert_int_equal(feed->guards.min_len[FAMILY_IPV6], 128);
	assert_int_equal(feed_config_find(config_feeds(config, FEED_OF_URL), "z")->refresh_sec,
			 9 * 86400);
	assert_string_equal(feed_config_find(config_feeds(config, FEED_OF_URL), "w")->list_name,
			    "c");
	assert_null(feed_config_find(config_feeds(config, FEED_OF_URL), "v"));
	assert_int_equal(config->protected_count, 2);
}

static void test_spaces(void **state)
{
	(void)state;
	load(LIST "  - {name: a, url: 'http://h', reserved: cut, own: take}\n"
		  "  - {name: b, url: 'http://h', reserved: hold, own: cut}\n"
		  "  - {name: c, url: 'http://h', may_hold_own: false}\n",
	     "");
	assert_int_equal(config->feeds[0].guards.spaces[FEED_SPACE_RESERVED], SPACE_CUT);
	assert_int_equal(config->feeds[0].guards.spaces[FEED_SPACE_OWN], SPACE_TAKE);
	assert_int_equal(config->feeds[1].guards.spaces[FEED_SPACE_RESERVED], SPACE_HOLD);
	assert_int_equal(config->feeds[1].guards.spaces[FEED_SPACE_OWN], SPACE_CUT);
	assert_int_equal(config->feeds[2].guards.spaces[FEED_SPACE_OWN], SPACE_HOLD);
	assert_errors(
	    LIST "  - {name: a, url: 'http://h', reserved: cut, may_hold_reserved: true}\n"
		 "  - {name: b, url: 'http://h', may_hold_own: false, own: hold}\n"
		 "  - {name: c, url: 'http://h', own: true}\n",
	    "c.yaml:6:66: may_hold_reserved: there is reserved, which says the same: remove\n"
	    "c.yaml:7:46: may_hold_own: there is own, which says the same: remove\n"
	    "c.yaml:8:37: own: must be hold, cut or take, not \"true\"\n");
}

static void test_names(void **state)
{
	(void)state;
	assert_errors(LIST "  - {url: 'http://h'}\n"
			   "  - {name: ../x, url: 'http://h'}\n"
			   "  - {name: x/y, url: 'http://h'}\n"
			   "  - {name: .x, url: 'http://h'}\n"
			   "  - {name: one, url: 'http://h'}\n"
			   "- name: b\n  action: allow\n  feeds: [{name: one, url: 'http://h'}]\n",
		      "c.yaml:6:5: a feed without a name\n"
		      "c.yaml:7:12: \"../x\" is not a feed's name\n"
		      "c.yaml:8:12: \"x/y\" is not a feed's name\n"
		      "c.yaml:9:12: \".x\" is not a feed's name\n"
		      "c.yaml:13:18: feed one is duplicated, in this list or another\n");
}

static void test_urls(void **state)
{
	static const char *const bad[] = { "ftp://h/p",	 "h/p",	     "https:///p",
					   "file://h/p", "https://", "HTTPS://h",
					   "file:///",	 "//h",	     "http://?" };
	char text[256], expected[256];

	(void)state;
	assert_errors(LIST "  - name: a\n", "c.yaml:6:5: a feed without a url\n");
	for (size_t i = 0; i + 1 < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), LIST "  - {name: a, url: '%s'}\n", bad[i]);
		snprintf(expected, sizeof(expected),
			 "c.yaml:6:20: url: \"%s\" does not begin with https://HOST", bad[i]);
		assert_errors(text, expected);
	}
	assert_errors(LIST "  - {name: a, url: 'https://u:p@h/'}\n"
			   "  - {name: b, url: \"https://h/a b\"}\n"
			   "  - {name: c, url: \"https://h/\\n\"}\n"
			   "  - {name: d, url: ''}\n",
		      "c.yaml:6:20: url: a user in the URL would be visible to everyone\n"
		      "c.yaml:7:20: url contains a space or a control character\n"
		      "c.yaml:8:20: url contains a space or a control character\n"
		      "c.yaml:9:20: url: write 1 to 2048 bytes\n");
	load(LIST "  - {name: a, url: 'https://h/?mail=a@b'}\n", "");
}

static void test_credentials(void **state)
{
	(void)state;
	assert_errors(LIST "  - {name: a, url: 'http://h', user: u, token_file: /t}\n"
			   "  - {name: b, url: 'https://h', user: u}\n"
			   "  - {name: c, url: 'https://h', user: 'u:p', token_file: t}\n"
			   "  - {name: d, url: 'file:///h', ca_file: /c}\n"
			   "  - {name: e, url: 'http://h', header_file: /c}\n"
			   "  - {name: f, url: 'https://h', header_file: c}\n",
		      "c.yaml:6:38: user needs https://\n"
		      "c.yaml:6:53: token_file needs https://\n"
		      "c.yaml:7:39: user without token_file\n"
		      "c.yaml:8:39: user contains a colon\n"
		      "c.yaml:8:58: token_file: \"t\" is not an absolute path\n"
		      "c.yaml:9:42: ca_file needs https://\n"
		      "c.yaml:10:45: header_file needs https://\n"
		      "c.yaml:11:46: header_file: \"c\" is not an absolute path\n");
}

/* What is sent to this host, nobody else can read. */
static void test_loopback(void **state)
{
	static const char *const far[] = {
		"http://127.0.0.1.example/", "http://u@127.0.0.1/", "http://128.0.0.1/",
		"http://127.0.0.1:p@h/",     "http://[::1",	    "http://[::2]/",
		"http://localhost/"
	};

	(void)state;
	load(LIST "  - {name: a, url: 'http://127.0.0.1:8080/v1?x=@', header_file: /h}\n"
		  "  - {name: b, url: 'http://[::1]/', user: u, token_file: /t}\n",
	     "");
	assert_true(feed_config_trusts(&config->feeds[1], "http://[::1]/other"));
	assert_false(feed_config_trusts(&config->feeds[1], "http://127.0.0.1/"));
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		assert_false(feed_url_is_loopback(far[i]));
	assert_errors(LIST "  - {name: a, url: 'http://127.0.0.1', ca_file: /c}\n"
			   "  - {name: b, url: 'http://127.0.0.1', proxy: 'http://p:1'}\n",
		      "c.yaml:6:49: ca_file needs https://\n"
		      "c.yaml:7:47: proxy: a file or this host needs none\n");
}

static void test_proxy(void **state)
{
	(void)state;
	load(LIST "  - {name: a, url: 'https://h', proxy: 'http://p.example:3128', "
		  "header_file: /h}\n"
		  "  - {name: b, url: 'http://h', proxy: 'https://[::1]:443/'}\n",
	     "");
	assert_string_equal(config->feeds[0].proxy, "http://p.example:3128");
	assert_string_equal(config->feeds[0].header_file, "/h");
	assert_string_equal(config->feeds[1].proxy, "https://[::1]:443/");
	assert_errors(LIST "  - {name: a, url: 'https://h', proxy: 'p.example:3128'}\n"
			   "  - {name: b, url: 'https://h', proxy: 'http://u:p@p.example:3128'}\n"
			   "  - {name: c, url: 'https://h', proxy: 'file:///p'}\n"
			   "  - {name: d, url: 'https://h', proxy: 'http://'}\n"
			   "  - {name: e, url: 'file:///h', proxy: 'http://p'}\n",
		      "c.yaml:6:40: proxy: \"p.example:3128\" is not http://HOST:PORT\n"
		      "c.yaml:7:40: proxy: \"http://u:p@p.example:3128\" is not http://HOST:PORT\n"
		      "c.yaml:8:40: proxy: \"file:///p\" is not http://HOST:PORT\n"
		      "c.yaml:9:40: proxy: \"http://\" is not http://HOST:PORT\n"
		      "c.yaml:10:40: proxy: a file or this host needs none\n");
}

static void test_mirrors(void **state)
{
	const struct feed_config *feed;

	(void)state;
	load(LIST
	     "  - {name: a, url: 'https://H.example:8443/a', token_file: /t, mirrors: "
	     "['https://h.example:8443/b?c', 'https://h.example/a', 'http://h.example:8443/a', "
	     "'https://h.example:8443.evil.example/', 'file:///srv/a']}\n"
	     "  - {name: b, url: 'http://h', mirrors: []}\n",
	     "");
	feed = &config->feeds[0];
	assert_int_equal(feed->mirror_count, 5);
	assert_string_equal(feed_config_url(feed, 0), "https://H.example:8443/a");
	assert_string_equal(feed_config_url(feed, 5), "file:///srv/a");
	assert_null(feed_config_url(feed, 6));
	assert_true(feed_config_has_url(feed, "http://h.example:8443/a"));
	assert_false(feed_config_has_url(feed, "http://h.example:8443/"));
	assert_false(feed_config_has_url(feed, NULL));
	/* Secrets are for the host and port of the url, and for HTTPS. */
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(feed_config_trusts(feed, feed_config_url(feed, i)), i < 2);
	assert_null(feed_config_url(&config->feeds[1], 1));
	assert_false(feed_config_trusts(&config->feeds[1], "http://h"));
	assert_errors(LIST
		      "  - {name: a, url: 'http://h', mirrors: 'http://g'}\n"
		      "  - {name: b, url: 'http://h', mirrors: [g, 'http://h']}\n"
		      "  - {name: c, url: 'http://h', mirrors: ['http://g', 'http://g']}\n"
		      "  - {name: d, url: 'http://h', mirrors: ['https://u:p@g/', 'http://a b']}\n"
		      "  - {name: e, url: 'http://h', mirrors: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n",
		      "c.yaml:6:41: mirrors\n"
		      "c.yaml:7:42: mirrors: \"g\" does not begin with https://HOST\n"
		      "c.yaml:7:45: mirrors: \"http://h\" is duplicated: remove one\n"
		      "c.yaml:8:54: mirrors: \"http://g\" is duplicated: remove one\n"
		      "c.yaml:9:42: mirrors: a user in the URL would be visible to everyone\n"
		      "c.yaml:9:60: mirrors contains a space or a control character\n"
		      "c.yaml:10:41: mirrors: more than 8: remove some\n");
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} bad[] = {
		{ "refresh: 9m", "refresh: \"9m\" is not between 10m 0s and 365d 0h" },
		{ "refresh: 600", "refresh: \"600\" needs a unit" },
		{ "refresh: 0h", "refresh: \"0h\" is zero" },
		{ "refresh: 366d", "refresh: \"366d\" is not between" },
		{ "timeout: 2d", "timeout: \"2d\" is not between" },
		{ "max_bytes: 0", "max_bytes: must be a decimal number from 1" },
		{ "max_bytes: 64M", "max_bytes: must be a decimal number" },
		{ "max_shrink: 101",
		  "max_shrink: must be a decimal number from 0 to 100, not \"101\"" },
		{ "max_growth: 0", "max_growth: must be a decimal number from 1" },
		{ "min_ipv4_length: 33", "min_ipv4_length: must be a decimal number" },
		{ "min_ipv6_length: 129", "min_ipv6_length: must be a decimal number" },
		{ "may_be_empty: yes", "may_be_empty: must be false or true, not \"yes\"" },
		{ "format: table", "format: must be auto, plain" },
		{ "min_trust: some", "min_trust: must be none, low, medium, high or 0 to 3" },
		{ "min_trust: medium", "min_trust needs format: dnswl, because no other format" },
		{ "select: [S3]", "select must be a mapping of fields to values" },
		{ "on_error: ignore", "on_error: must be fail or skip, not \"ignore\"" },
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), LIST "  - name: a\n    url: http://h\n    %s\n",
			 bad[i].text);
		snprintf(expected, sizeof(expected), "c.yaml:8:%zu: %s",
			 strcspn(bad[i].text, ":") + 7, bad[i].words);
		assert_errors(text, expected);
	}
	assert_errors(LIST "  - {name: a, url: 'http://h', select: {a: 1, A: 2, b: [1]}}\n",
		      "c.yaml:6:47: A is duplicated in select: remove one\n"
		      "c.yaml:6:56: a value of select...\n");
	assert_errors("- {name: a, action: block}\nprotected: [192.0.2.1/24, x]\n",
		      "c.yaml:4:13: ...host bits\nc.yaml:4:27: \n");
	assert_errors(LIST "  - {name: a, url: 'http://h', refrsh: 1h}\n",
		      "c.yaml:6:32: unknown key \"refrsh\"...check_count");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_defaults), LOADED_TEST(test_values),
		LOADED_TEST(test_spaces),   LOADED_TEST(test_names),
		LOADED_TEST(test_urls),	    LOADED_TEST(test_credentials),
		LOADED_TEST(test_proxy),    LOADED_TEST(test_mirrors),
		LOADED_TEST(test_loopback), LOADED_TEST(test_numbers),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
