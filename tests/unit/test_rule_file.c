/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule file: ids outlive restarts, and a daemon killed at any moment leaves none
 * that stands for the wrong prefix. */
#include "store/rule_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "config_fixture.h"
#include "random_policy.h"

#define COOKIE 0x1234
#define IDS_LIMIT 100000
#define STEPS 100

/* The datapath gives lists of one name and two actions two slots. */
static void give_slots(struct policy *policy)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];

		list->slot = (uint16_t)(2 * strtoul(list->name + strlen("list"), NULL, 10) +
					(unsigned int)list->action);
	}
}

static struct rule_file *open_file(bool is_known)
{
	struct rule_file *file = NULL;
	bool was_known;

	assert_int_equal(rule_file_open(".", COOKIE, &file, &was_known), 0);
	assert_int_equal(was_known, is_known);
	return file;
}

static struct policy *load(const struct rule_file *file, struct rule_ids *ids)
{
	struct policy *policy = NULL;

	rule_ids_init(ids, IDS_LIMIT);
	assert_int_equal(rule_file_load(file, ids, &policy), 0);
	return policy;
}

static const struct list *find_same(const struct policy *policy, const struct list *list)
{
	const struct list *found = policy_find_list(policy, list->name);

	/* What is read back may hold both actions of a name. */
	for (size_t i = 0; i < policy->list_count; i++)
		if (!strcmp(policy->lists[i].name, list->name) &&
		    policy->lists[i].action == list->action)
			found = &policy->lists[i];
	return found && found->action == list->action ? found : NULL;
}

static uint32_t id_in(const struct policy *policy, const struct list *list,
		      const struct prefix *prefix)
{
	const struct list *same = find_same(policy, list);
	const struct rule *rule = same ? list_find_rule(same, prefix) : NULL;

	return rule ? rule->id : 0;
}

/* Each rule of @a, exclusions apart, has its id in @b. */
static void assert_within(const struct policy *a, const struct policy *b)
{
	for (size_t i = 0; i < a->list_count; i++) {
		const struct list *list = &a->lists[i];

		for (size_t j = 0; j < list->rule_count; j++)
			assert_int_equal(
			    rule_array_at(list->rules, j)->id
				? id_in(b, list, &rule_array_at(list->rules, j)->prefix)
				: 0,
			    rule_array_at(list->rules, j)->id);
	}
}

/* Each id below next is of one rule, or free, and never both. */
static void assert_ids(const struct policy *policy, const struct rule_ids *ids)
{
	unsigned char *seen = calloc(ids->next + 1, 1);
	size_t count = 0;

	assert_non_null(seen);
	for (size_t i = 0; i < policy->list_count; i++) {
		for (size_t j = 0; j < policy->lists[i].rule_count; j++) {
			uint32_t id = rule_array_at(policy->lists[i].rules, j)->id;

			assert_true(id > 0 && id < ids->next && !seen[id]);
			seen[id] = 1;
			count++;
		}
	}
	for (size_t i = 0; i < ids->free_count; i++) {
		assert_true(ids->free_ids[i] > 0 && ids->free_ids[i] < ids->next);
		assert_false(seen[ids->free_ids[i]]);
		seen[ids->free_ids[i]] = 1;
		count++;
	}
	assert_int_equal(count, ids->next - 1);
	free(seen);
}

/* ---- restarts ----------------------------------------------------------- */

static struct policy *next_policy(const struct policy *policy)
{
	struct policy *next = policy && policy->list_count && random_chance(80)
				  ? random_successor(policy, 40)
				  : random_policy(6, 40);

	give_slots(next);
	return next;
}

static void test_restarts(void **state)
{
	struct policy *policy = next_policy(NULL);
	struct policy *read_back, *next;
	struct rules_change change;
	struct rule_file *file;
	struct rule_ids ids;

	(void)state;
	file = open_file(false);
	rule_ids_init(&ids, IDS_LIMIT);
	assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
	for (int step = 0; step < 200; step++) {
		assert_int_equal(rule_file_update(file, policy, &change), 0);
		rules_change_done(&change);
		rule_file_close(file);
		rule_ids_done(&ids);

		file = open_file(true);
		read_back = load(file, &ids);
		assert_within(policy, read_back);
		assert_within(read_back, policy);
		assert_ids(read_back, &ids);
		next = next_policy(policy);
		assert_int_equal(rules_number(next, read_back, &ids, &change), 0);
		assert_int_equal(rules_commit(&ids, &change), 0);
		policy_free(read_back);
		policy_free(policy);
		policy = next;
	}
	rules_change_done(&change);
	rule_file_close(file);
	rule_ids_done(&ids);
	policy_free(policy);
}

/* Another process reads it, and neither makes nor changes anything. */
static void test_peek(void **state)
{
	struct policy *policy = next_policy(NULL), *peeked = NULL;
	struct rules_change change;
	struct rule_file *file;
	struct rule_ids ids;

	(void)state;
	unlink("rules");
	assert_int_equal(rule_file_peek(".", COOKIE, &peeked), -ENOENT);
	assert_int_equal(access("rules", F_OK), -1);
	file = open_file(false);
	rule_ids_init(&ids, IDS_LIMIT);
	assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
	assert_int_equal(rule_file_update(file, policy, &change), 0);
	assert_int_equal(rule_file_peek(".", COOKIE + 1, &peeked), -ENOENT);
	assert_int_equal(rule_file_peek(".", COOKIE, &peeked), 0);
	assert_within(policy, peeked);
	assert_within(peeked, policy);
	rule_file_close(file);
	rule_file_close(open_file(true));
	rules_change_done(&change);
	rule_ids_done(&ids);
	policy_free(peeked);
	policy_free(policy);
}

/* ---- kills -------------------------------------------------------------- */

struct history {
	struct policy *policies[STEPS];
	struct rules_change changes[STEPS]; /* from the one before */
	volatile int *step;		    /* being written; shared with the child */
};

static void make_history(struct history *history)
{
	struct rule_ids ids;

	rule_ids_init(&ids, IDS_LIMIT);
	for (int i = 0; i < STEPS; i++) {
		history->policies[i] = next_policy(i ? history->policies[i - 1] : NULL);
		assert_int_equal(rules_number(history->policies[i],
					      i ? history->policies[i - 1] : NULL, &ids,
					      &history->changes[i]),
				 0);
		assert_int_equal(rules_commit(&ids, &history->changes[i]), 0);
	}
	rule_ids_done(&ids);
}

static void free_history(struct history *history)
{
	for (int i = 0; i < STEPS; i++) {
		policy_free(history->policies[i]);
		rules_change_done(&history->changes[i]);
	}
}

static void write_until_killed(const struct history *history)
{
	struct rule_file *file = open_file(false);

	for (int i = 0; i < STEPS; i++) {
		*history->step = i;
		if (rule_file_update(file, history->policies[i], &history->changes[i]))
			_exit(1);
	}
	for (;;)
		pause();
}

static void write_and_kill(const struct history *history, unsigned int after_usec)
{
	int status;
	pid_t pid;

	*history->step = -1;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		write_until_killed(history);
	while (*history->step < 0)
		;
	usleep(after_usec);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* Each id read back is that of the policy being written, or of the one before. */
static void check_read_back(const struct history *history, const struct policy *read_back)
{
	const int step = *history->step;

	for (size_t i = 0; i < read_back->list_count; i++) {
		const struct list *list = &read_back->lists[i];

		for (size_t j = 0; j < list->rule_count; j++) {
			const struct rule *rule = rule_array_at(list->rules, j);

			assert_true(
			    id_in(history->policies[step], list, &rule->prefix) == rule->id ||
			    (step &&
			     id_in(history->policies[step - 1], list, &rule->prefix) == rule->id));
		}
	}
}

static void test_killed(void **state)
{
	struct history history = { 0 };

	(void)state;
	history.step = mmap(NULL, sizeof(*history.step), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(history.step, MAP_FAILED);
	make_history(&history);
	for (int round = 0; round < 100; round++) {
		struct policy *read_back;
		struct rule_file *file;
		struct rule_ids ids;

		unlink("rules");
		write_and_kill(&history, random_below(5000));
		file = open_file(true);
		read_back = load(file, &ids);
		check_read_back(&history, read_back);
		assert_ids(read_back, &ids);
		policy_free(read_back);
		rule_ids_done(&ids);
		rule_file_close(file);
	}
	free_history(&history);
	munmap((void *)(uintptr_t)history.step, sizeof(*history.step));
}

/* ---- other files -------------------------------------------------------- */

/* Whatever stands there, it is read without harm. */
static void test_garbage(void **state)
{
	struct history history = { 0 };
	struct rule_file *file;

	(void)state;
	unlink("rules");
	make_history(&history);
	file = open_file(false);
	assert_int_equal(rule_file_update(file, history.policies[0], &history.changes[0]), 0);
	rule_file_close(file);
	for (int round = 0; round < 300; round++) {
		FILE *stream = fopen("rules", "r+");
		struct policy *read_back;
		struct rule_ids ids;
		long size;

		assert_non_null(stream);
		assert_int_equal(fseek(stream, 0, SEEK_END), 0);
		size = ftell(stream);
		for (int i = 0; i < 20; i++) {
			/* Not the header, which is another test. */
			long where = 4096 + (long)random_below((unsigned int)(size - 4096));

			assert_int_equal(fseek(stream, where, SEEK_SET), 0);
			fputc((int)random_below(256), stream);
		}
		assert_int_equal(fclose(stream), 0);
		file = open_file(true);
		read_back = load(file, &ids);
		assert_ids(read_back, &ids);
		policy_free(read_back);
		rule_ids_done(&ids);
		rule_file_close(file);
	}
	free_history(&history);
}

static void test_of_other_maps(void **state)
{
	struct rule_file *file = NULL;
	bool is_known = true;

	(void)state;
	unlink("rules");
	rule_file_close(open_file(false));
	rule_file_close(open_file(true));
	assert_int_equal(rule_file_open(".", COOKIE + 1, &file, &is_known), 0);
	assert_false(is_known);
	rule_file_close(file);
	rule_file_close(open_file(false));
	fixture_write("rules", "short");
	rule_file_close(open_file(false));
	assert_int_equal(rule_file_open("nowhere", COOKIE, &file, &is_known), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restarts),      cmocka_unit_test(test_peek),
		cmocka_unit_test(test_killed),	      cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_of_other_maps),
	};

	random_start("rule_file");
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
