/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `learn` of a configuration: values, defaults, and all that is refused. */
#include "config/diff.h"
#include "config/snapshot.h"
#include "config_loaded.h"

/* Lines 3 and 4; learn: is line 5. */
#define LISTS "- {name: partners, action: allow}\n- {name: drop, action: block}\nlearn:\n"
#define DAY 86400

static void test_defaults(void **state)
{
	(void)state;
	load("- {name: partners, action: allow}\n", "");
	assert_false(config->learn.is_on);
	assert_int_equal(config->learn.keep_sec, 90 * DAY);
	load(LISTS "  list: partners\n", "");
	assert_true(config->learn.is_on);
	assert_false(config->learn.is_auto);
	assert_string_equal(config->learn.list, "partners");
	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
		assert_true(config->learn.uses[rule]);
	assert_int_equal(config->learn.partner.messages, 3);
	assert_int_equal(config->learn.partner.window_sec, 60 * DAY);
	assert_int_equal(config->learn.reputation.age_sec, 14 * DAY);
	assert_int_equal(config->learn.probation_sec, 7 * DAY);
	assert_int_equal(config->learn.max_entries, 10000);
	assert_int_equal(config->learn.leave_score, 50);
	assert_true(learn_ignores_user(&config->learn, "NoReply@home.example"));
	assert_false(learn_ignores_user(&config->learn, "bob@home.example"));
}

static void test_values(void **state)
{
	(void)state;
	fixture_write("free", "# mail for all\nFree.Example.\n\n  a.example # too\r\n");
	char text[1024];

	snprintf(text, sizeof(text),
		 LISTS "  list: partners\n  mode: auto\n  rules: [reply, report]\n"
		       "  grace: 20d\n  partner: {messages: 5, max_new_domains: 7,"
		       " ignored_users: [robot, All@x.example],"
		       " shared: never, max_domains: 9}\n"
		       "  reputation: {clean: 2w}\n"
		       "  never: [9.9.9.9, EXAMPLE.net, 2600::/32]\n"
		       "  trusted_relays: [8.8.8.0/24]\n  local_domains: [home.example]\n"
		       "  freemail: [b.example]\n  freemail_file: %s/free\n",
		 fixture_directory);
	load(text, "");
	assert_true(config->learn.is_auto);
	assert_true(config->learn.uses[LEARN_REPLY] && config->learn.uses[LEARN_REPORT]);
	assert_false(config->learn.uses[LEARN_PARTNER]);
	assert_int_equal(config->learn.grace_sec, 20 * DAY);
	assert_int_equal(config->learn.partner.messages, 5);
	assert_int_equal(config->learn.partner.max_new_domains, 7);
	assert_int_equal(config->learn.partner.days, 2);
	assert_int_equal(config->learn.partner.shared, SHARED_NEVER);
	assert_int_equal(config->learn.partner.max_domains, 9);
	assert_int_equal(config->learn.partner.max_domains_day, 10);
	assert_true(learn_ignores_user(&config->learn, "Robot@home.example"));
	assert_true(learn_ignores_user(&config->learn, "all@x.example"));
	assert_false(learn_ignores_user(&config->learn, "all@y.example"));
	assert_false(learn_ignores_user(&config->learn, "noreply"));
	assert_int_equal(config->learn.reputation.clean_sec, 14 * DAY);
	assert_int_equal(config->learn.never.count, 2);
	assert_true(domain_list_covers(&config->learn.never_domains, "www.example.net"));
	assert_false(domain_list_covers(&config->learn.never_domains, "notexample.net"));
	assert_int_equal(config->learn.freemail_domains.count, 3);
	assert_true(domain_list_covers(&config->learn.freemail_domains, "free.example"));
	assert_true(domain_list_covers(&config->learn.freemail_domains, "a.example"));
}

static void test_errors(void **state)
{
	(void)state;
	assert_errors(LISTS, "c.yaml:5:7: learn: no list: ...receives learned entries\n");
	assert_errors(LISTS "  list: nobody\n", "c.yaml:6:9: list: there is no list \"nobody\"\n");
	assert_errors(LISTS "  list: drop\n", "c.yaml:6:9: list: \"drop\" must be an allow list\n");
	assert_errors(LISTS "  list: partners\n  mode: on\n",
		      "c.yaml:7:9: mode: must be suggest or auto, not \"on\"\n");
	assert_errors(LISTS "  list: partners\n  rules: [luck]\n",
		      "c.yaml:7:11: a rule: must be reply, partner, reputation, report or spf, "
		      "not \"luck\"\n");
	assert_errors(LISTS "  list: partners\n  grace: 5\n", "c.yaml:7:10: grace: \"5\" ...\n");
	assert_errors(LISTS "  list: partners\n  grace: 5m\n",
		      "c.yaml:7:10: grace: must be from 1h to 365d, not \"5m\"\n");
	assert_errors(LISTS "  list: partners\n  partner: {messages: 0}\n",
		      "c.yaml:7:23: messages: must be a decimal number from 1 ...\n");
	assert_errors(LISTS "  list: partners\n  never: [\"a b\"]\n",
		      "c.yaml:7:11: never: \"a b\" is not a prefix or a domain\n");
	assert_errors(LISTS "  list: partners\n  trusted_relays: [a.example]\n",
		      "c.yaml:7:20: trusted_relays: \"a.example\" is not a prefix\n");
	assert_errors(LISTS "  list: partners\n  grace: 1d\n",
		      "c.yaml:6:3: learn: notice must not be longer than grace\n");
	assert_errors(LISTS "  list: partners\n  keep: 30d\n",
		      "c.yaml:6:3: learn: partner.window must not be longer than keep\n"
		      "c.yaml:6:3: learn: idle must not be longer than keep\n");
	fixture_write("free", "a.example\n?\n");
	assert_errors(LISTS "  list: partners\n  freemail_file: free\n",
		      "c.yaml:7:18: freemail_file: \"free\" is not an absolute path\n");
}

static void test_listener(void **state)
{
	static const char *const others[] = { "0.0.0.0:12526",	"192.0.2.1:12526",
					      "\"[::]:12526\"", "localhost:12526",
					      "127.0.0.1",	"127.0.0.1:0" };
	char text[512];

	(void)state;
	load(LISTS "  list: partners\n", "");
	assert_null(config->learn.listen_host);
	load(LISTS "  list: partners\n  listen: none\n", "");
	assert_null(config->learn.listen_host);
	load(LISTS "  list: partners\n  listen: \"[::1]:12526\"\n  token_file: /etc/token\n", "");
	assert_string_equal(config->learn.listen_host, "::1");
	assert_int_equal(config->learn.listen_port, 12526);
	assert_string_equal(config->learn.token_file, "/etc/token");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(text, sizeof(text),
			 LISTS "  list: partners\n  listen: %s\n  token_file: /etc/token\n",
			 others[i]);
		assert_errors(text, "c.yaml:7:...write 127.0.0.1:12526 or none\n");
	}
	assert_errors(LISTS "  list: partners\n  listen: 127.0.0.1:12526\n",
		      "c.yaml:7:11: listen: needs token_file, ...clients must know\n");
	assert_errors(LISTS "  list: partners\n  token_file: token\n",
		      "c.yaml:7:15: token_file: \"token\" is not an absolute path\n");
}

static void test_sessions(void **state)
{
	(void)state;
	load(LISTS "  list: partners\n", "");
	assert_int_equal(config->learn.sessions.mode, SESSIONS_AUTO);
	assert_null(config->learn.sessions.cgroup);
	assert_int_equal(config->learn.sessions.sent_bytes, 4096);
	assert_int_equal(config->learn.sessions.received_bytes, 200);
	load(LISTS "  list: partners\n  sessions: {mode: on, cgroup: /sys/fs/cgroup/a.slice,"
		   " sent_bytes: 2000, received_bytes: 100}\n",
	     "");
	assert_int_equal(config->learn.sessions.mode, SESSIONS_ON);
	assert_string_equal(config->learn.sessions.cgroup, "/sys/fs/cgroup/a.slice");
	assert_int_equal(config->learn.sessions.sent_bytes, 2000);
	assert_int_equal(config->learn.sessions.received_bytes, 100);
	load(LISTS "  list: partners\n  sessions: {mode: off}\n", "");
	assert_int_equal(config->learn.sessions.mode, SESSIONS_OFF);
	assert_errors(LISTS "  list: partners\n  sessions: off\n",
		      "c.yaml:7:13: sessions must be a mapping, ...\n");
	assert_errors(LISTS "  list: partners\n  sessions: {mode: yes}\n",
		      "c.yaml:7:20: mode: must be auto, on or off, not \"yes\"\n");
	assert_errors(LISTS "  list: partners\n  sessions: {cgroup: system.slice}\n",
		      "c.yaml:7:22: cgroup: \"system.slice\" is not an absolute path: ...\n");
	assert_errors(LISTS "  list: partners\n  sessions: {sent_bytes: 0}\n",
		      "c.yaml:7:26: sent_bytes: must be a decimal number from 1 ...\n");
}

static void test_postfix(void **state)
{
	(void)state;
	load(LISTS "  list: partners\n", "");
	assert_null(config->learn.log_file);
	assert_null(config->learn.log_journal);
	load(LISTS "  list: partners\n  postfix: {file: /var/log/mail.log}\n", "");
	assert_string_equal(config->learn.log_file, "/var/log/mail.log");
	assert_null(config->learn.log_journal);
	load(LISTS "  list: partners\n  postfix: {journal: true}\n", "");
	assert_null(config->learn.log_file);
	assert_string_equal(config->learn.log_journal, "-");
	load(LISTS "  list: partners\n  postfix: {journal: /var/log/journal/remote}\n", "");
	assert_string_equal(config->learn.log_journal, "/var/log/journal/remote");
	assert_errors(LISTS "  list: partners\n  postfix: {file: mail.log}\n",
		      "c.yaml:7:19: file: \"mail.log\" must be an absolute path, of at most 200 "
		      "characters\n");
	assert_errors(LISTS "  list: partners\n  postfix: {journal: false}\n",
		      "c.yaml:7:22: journal: \"false\" must be true or the absolute path of a "
		      "directory, of at most 200 characters\n");
	assert_errors(LISTS "  list: partners\n  postfix: {}\n",
		      "c.yaml:7:12: postfix: must have either file or journal: ...\n");
	assert_errors(LISTS "  list: partners\n  postfix: {file: /a, journal: true}\n",
		      "c.yaml:7:12: postfix: must have either file or journal: ...\n");
}

static void test_other_servers(void **state)
{
	(void)state;
	load(LISTS "  list: partners\n", "");
	assert_null(config->learn.log_file);
	load(LISTS "  list: partners\n  exim: {file: /var/log/exim4/mainlog}\n", "");
	assert_int_equal(config->learn.server, LEARN_EXIM);
	assert_string_equal(config->learn.log_file, "/var/log/exim4/mainlog");
	load(LISTS "  list: partners\n  exim: {journal: true}\n", "");
	assert_string_equal(config->learn.log_journal, "-");
	load(LISTS "  list: partners\n  opensmtpd: {file: /var/log/mail.log}\n", "");
	assert_int_equal(config->learn.server, LEARN_OPENSMTPD);
	assert_string_equal(config->learn.log_file, "/var/log/mail.log");
	assert_errors(LISTS "  list: partners\n  exim: {}\n",
		      "c.yaml:7:9: exim: must have either file or journal: write file: "
		      "/var/log/exim4/mainlog or journal: true\n");
	assert_errors(LISTS "  list: partners\n  exim: {journal: true}\n"
			    "  postfix: {journal: true}\n",
		      "c.yaml:6:3: learn: has postfix and exim, but the log of one mail server is "
		      "read: remove one of them\n");
}

/* Each setting that differs has a line, and learning that begins only what is not a default. */
static void test_diff(void **state)
{
	struct snapshot *off, *on, *other;
	struct snapshot_diff diff;
	struct lines lines = { 0 };

	(void)state;
	load("- {name: partners, action: allow}\n", "");
	off = snapshot_new(config);
	config = NULL;
	load("- {name: partners, action: allow}\nlearn: {list: partners}\n", "");
	on = snapshot_new(config);
	config = NULL;
	load("- {name: partners, action: allow}\nlearn: {list: partners, mode: auto, grace: 20d, "
	     "partner: {days: 3}}\n",
	     "");
	other = snapshot_new(config);
	config = NULL;
	assert_int_equal(snapshot_diff(off, on, NULL, NULL, &diff), 0);
	snapshot_diff_describe(&diff, &lines);
	assert_int_equal(lines.count, 4);
	assert_string_equal(lines.items[0], "learn.list none -> partners");
	assert_string_equal(lines.items[1], "learn.mode none -> suggest");
	snapshot_diff_done(&diff);
	lines_done(&lines);
	assert_int_equal(snapshot_diff(on, other, NULL, NULL, &diff), 0);
	snapshot_diff_describe(&diff, &lines);
	assert_int_equal(lines.count, 3);
	assert_string_equal(lines.items[0], "learn.mode suggest -> auto");
	assert_string_equal(lines.items[1], "learn.grace 1209600s -> 1728000s");
	assert_string_equal(lines.items[2], "learn.partner.days 2 -> 3");
	snapshot_diff_done(&diff);
	lines_done(&lines);
	snapshot_unref(off);
	snapshot_unref(on);
	snapshot_unref(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_values, begin, end),
		cmocka_unit_test_setup_teardown(test_errors, begin, end),
		cmocka_unit_test_setup_teardown(test_listener, begin, end),
		cmocka_unit_test_setup_teardown(test_sessions, begin, end),
		cmocka_unit_test_setup_teardown(test_postfix, begin, end),
		cmocka_unit_test_setup_teardown(test_other_servers, begin, end),
		cmocka_unit_test_setup_teardown(test_diff, begin, end),
	};

	return cmocka_run_group_tests_name("config_learn", tests, fixture_open, fixture_close);
}
