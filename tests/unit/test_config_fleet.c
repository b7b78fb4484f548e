/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key `fleet:` of the configuration: what is read, and what is wrong with it. */
#include "config_loaded.h"
#include "core/fleet_kind.h"

#define LIST "  - {name: a, action: allow}\n"
#define KEYS "name: mail, host: mx1, url: 'redis://r.example', key_file: /k"

static void assert_text(const char *expected)
{
	char *text = fleet_settings_text(&config->fleet);

	assert_string_equal(text, expected);
	free(text);
}

static void test_settings(void **state)
{
	(void)state;
	load(LIST, "");
	assert_null(config->fleet.name);
	assert_text("");
	load(LIST "fleet: {" KEYS "}\n", "");
	assert_text("mail (host mx1, url redis://r.example, key_file /k)");
	for (size_t i = 0; i < FLEET_KIND_COUNT; i++)
		assert_true(config->fleet.publishes[i]);
	assert_true(fleet_settings_believe(&config->fleet, "mx7"));
	load(LIST
	     "fleet: {name: mail, host: mx1, url: 'rediss://a,b:6380', key_file: /k, user: u, "
	     "password_file: /p, ca: /c, publish: [learned, manual, evidence], only_from: [mx2, "
	     "mx3.example]}\n",
	     "");
	assert_text("mail (host mx1, url rediss://a,b:6380, user u, password_file /p, key_file /k, "
		    "ca /c, publish manual,learned,evidence, only_from mx2,mx3.example)");
	assert_true(config->fleet.publishes[FLEET_LEARNED]);
	assert_false(config->fleet.publishes[FLEET_PROTECTIONS]);
	assert_false(fleet_settings_believe(&config->fleet, "mx7"));
	assert_true(fleet_settings_believe(&config->fleet, "mx3.example"));
	assert_false(config->fleet.shares_feeds);
	load(LIST "fleet: {" KEYS ", feeds: yes}\n", "");
	assert_text("mail (host mx1, url redis://r.example, key_file /k, feeds true)");
	assert_true(config->fleet.shares_feeds);
	load(LIST "fleet: {" KEYS ", feeds: false}\n", "");
	assert_false(config->fleet.shares_feeds);
	load(LIST "fleet: {" KEYS ", publish: []}\n", "");
	assert_text("mail (host mx1, url redis://r.example, key_file /k, publish nothing)");
}

static void test_errors(void **state)
{
	(void)state;
	assert_errors(LIST "fleet: {}\n",
		      "c.yaml:4:8: a fleet without name: add name: mail\n"
		      "c.yaml:4:8: a fleet without host: add host: mx1\n"
		      "c.yaml:4:8: a fleet without url: add url: rediss://redis.example.org\n"
		      "c.yaml:4:8: a fleet without key_file: add key_file: "
		      "/etc/ipwl/fleet.key\n");
	assert_errors(LIST "fleet: {" KEYS ", colour: red}\n",
		      "c.yaml:4:72: unknown key \"colour\": the keys here are name, host, url, "
		      "user, password_file, key_file, ca, publish, only_from and feeds\n");
	assert_errors(LIST "fleet:\n  name: a mail\n  host: mx/1\n  url: http://r\n  key_file: k\n",
		      "c.yaml:5:9: name: \"a mail\" must be at most 63 letters, digits, "
		      "\".\", \"_\" and \"-\", and begin with a letter or digit\n"
		      "c.yaml:6:9: host: \"mx/1\" must be at most 63 letters, digits, "
		      "\".\", \"_\" and \"-\", and begin with a letter or digit\n"
		      "c.yaml:7:8: url: \"http://r\" must begin with redis://, rediss://, "
		      "redis-sentinel://, rediss-sentinel:// or unix:/\n"
		      "c.yaml:8:13: key_file: \"k\" is not an absolute path\n");
	assert_errors(LIST "fleet: {" KEYS ", user: u}\n",
		      "c.yaml:4:78: user needs password_file, a file with its password\n");
	assert_errors(LIST "fleet: {" KEYS ", ca: /c}\n",
		      "c.yaml:4:76: ca is for TLS: write url: rediss://…, or remove ca\n");
	assert_errors(LIST "fleet: {" KEYS ", publish: [feeds]}\n",
		      "c.yaml:4:82: publish: must be manual, learned, protections or evidence, not "
		      "\"feeds\"\n");
	assert_errors(LIST "fleet: {" KEYS ", feeds: mx2}\n",
		      "c.yaml:4:79: feeds: must be false, true, no or yes, not \"mx2\"\n");
	assert_errors(LIST "fleet: {" KEYS ", only_from: [mx2, 'mx 3']}\n",
		      "c.yaml:4:89: only_from: \"mx 3\" is not the name of a host\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_settings),
		LOADED_TEST(test_errors),
	};

	return cmocka_run_group_tests_name("fleet config", tests, fixture_open, fixture_close);
}
