/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host of a fleet without anything else of ipwld: a replica in memory, which a test leads.
 *
 * fleet_host NAME URL KEY TICK_MS [FILE] says on standard output what happens, a line each:
 * "up", "down WHY", "wrote LIST PREFIX OP VERSION" for each record of its own, "taken COUNT", and
 * what is asked for. Standard input has the commands, a line each; see the table at the end. FILE
 * is a replica that was saved.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fleet/sync.h"

#define CLUSTER "mail"
#define WORDS_MAX 4
/* Of one job: a hash of 2000 records, each of which may remove one of this host. */
#define WRITTEN_MAX 4000
#define LINE_BYTES (FLEET_KEY_BYTES + FLEET_VALUE_BYTES + 128)

static const struct guard_limits limits = { .max_removed_entries = 20, .max_removed_share = 50 };

static struct event_base *base;
static struct fleet_replica *replica;
static struct fleet_sync *exchange;
static struct fleet_sync_settings settings = { .cluster = CLUSTER };
static bool is_saying; /* a record of this host, at somebody's command */

static void die(const char *what)
{
	fprintf(stderr, "fleet_host: %s\n", what);
	exit(2);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- jobs of the exchange ----------------------------------------------------------- */

/* Own records that were written while a job runs are published when it is finished. */
static struct fleet_record *written[WRITTEN_MAX];
static size_t written_count;
static bool is_running;

static void publish(const struct fleet_record *record)
{
	if (!exchange)
		return;
	if (!is_running) {
		fleet_sync_publish(exchange, record);
		return;
	}
	if (written_count == WRITTEN_MAX)
		die("too much is written at once");
	written[written_count++] = fleet_record_copy(record);
}

static int take(const struct fleet_record *const records[], size_t count, bool is_last,
		void *context);

static void run_job(evutil_socket_t fd, short what, void *context)
{
	const struct fleet_access access = { .replica = replica, .take = take };

	(void)fd;
	(void)what;
	is_running = true;
	fleet_job_run(context, &access);
	is_running = false;
	for (size_t i = 0; i < written_count; i++) {
		publish(written[i]);
		free(written[i]);
	}
	written_count = 0;
	fleet_job_finish(context);
}

static int submit(struct fleet_job *job, void *context)
{
	const struct timeval now = { 0 };

	(void)context;
	return event_base_once(base, -1, EV_TIMEOUT, run_job, job, &now) ? -ENOMEM : 0;
}

/* ---- records of this host ----------------------------------------------------------- */

static int put(const struct fleet_record *record, bool is_held, void *context)
{
	char prefix[PREFIX_TEXT_BYTES];

	(void)is_held;
	(void)context;
	if (strcmp(record->origin, fleet_replica_self(replica)) != 0)
		return 0;
	if (is_saying)
		printf("wrote %s %s %s %" PRIu64 "\n", record->list,
		       prefix_format(&record->prefix, prefix), fleet_op_names[record->op],
		       record->version);
	publish(record);
	return 0;
}

static const struct fleet_keeper keeper = { .put = put };

static void say(enum fleet_op op, const char *list, const struct prefix *prefix)
{
	const struct fleet_record record = { .list = list,
					     .prefix = *prefix,
					     .kind = FLEET_MANUAL,
					     .op = op,
					     .action =
						 strcmp(list, "drop") ? ACTION_ALLOW : ACTION_BLOCK,
					     .added_at_sec = now_ms() / 1000,
					     .reason = "a test" };

	if (fleet_replica_write(replica, &keeper, &record, now_ms()))
		die("cannot write a record");
}

/* An entry of this host that a tombstone has removed is removed here, as the engine does. */
static int end_removed(const char *list, const struct prefix *prefix, void *context)
{
	const struct fleet_record *own =
	    fleet_replica_find(replica, fleet_replica_self(replica), list, prefix, FLEET_MANUAL);

	(void)context;
	if (own && own->op == FLEET_ADD && !fleet_replica_is_live(replica, own, now_ms()))
		say(FLEET_END, list, prefix);
	return 0;
}

static void see_changes(void)
{
	fleet_replica_take_changes(replica, end_removed, NULL);
}

/* ---- the exchange ------------------------------------------------------------------- */

static int take(const struct fleet_record *const records[], size_t count, bool is_last,
		void *context)
{
	struct fleet_taking taking;
	int err = fleet_replica_take(replica, &keeper, records, count, &limits, now_ms(), &taking);

	(void)is_last;
	(void)context;
	if (!err && taking.taken_count)
		printf("taken %zu\n", taking.taken_count);
	is_saying = true;
	see_changes();
	is_saying = false;
	return err;
}

static void state(const char *why, void *context)
{
	(void)context;
	if (why)
		printf("down %s\n", why);
	else
		printf("up\n");
}

static void join(void)
{
	const struct fleet_sync_events events = { .submit = submit, .state = state };
	const char *problem = "out of memory";

	if (!exchange && fleet_sync_new(base, &settings, &events, &exchange, &problem))
		die(problem);
}

/* ---- files -------------------------------------------------------------------------- */

static int save_record(const struct fleet_record *record, bool is_held, void *context)
{
	char key[FLEET_KEY_BYTES], value[FLEET_VALUE_BYTES];

	fleet_record_format(record, value);
	fprintf(context, "%d\t%s\t%s\t%s\n", is_held, record->origin, fleet_record_key(record, key),
		value);
	return 0;
}

static void load(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];

	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file)) {
		char *rest = line, *words[4];
		struct fleet_record record;
		struct fleet_texts texts;

		for (size_t i = 0; i < 4; i++)
			words[i] = strsep(&rest, "\t\n");
		if (!words[3] ||
		    fleet_record_parse(words[1], words[2], words[3], &texts, &record) ||
		    fleet_replica_load(replica, &record, *words[0] == '1', now_ms()))
			die("a line of the file is no good");
	}
	fclose(file);
}

/* ---- what is printed ---------------------------------------------------------------- */

static int print_live(const struct fleet_record *record, void *context)
{
	char prefix[PREFIX_TEXT_BYTES];

	(void)context;
	printf(" %s=%s", record->list, prefix_format(&record->prefix, prefix));
	return 0;
}

static int count_live(const struct fleet_record *record, void *context)
{
	(void)record;
	++*(size_t *)context;
	return 0;
}

static void print_origins(void)
{
	for (size_t i = 0; i < fleet_replica_origin_count(replica); i++) {
		struct fleet_origin origin;

		fleet_replica_get_origin(replica, i, &origin);
		if (origin.count)
			printf(" %s=%zu/%016" PRIx64 "/%zu", origin.name, origin.count,
			       origin.digest, origin.held_count);
	}
}

static void print_state(void)
{
	struct fleet_sync_state now = { 0 };
	size_t live = 0;

	if (exchange)
		fleet_sync_get_state(exchange, &now);
	fleet_replica_walk_live(replica, now_ms(), count_live, &live);
	printf("state connected=%d reading=%d others=%zu sent=%zu received=%zu refused=%zu "
	       "strangers=%zu "
	       "lag=%" PRId64 " lags=%zu live=%zu\n",
	       now.is_connected, now.is_reading, now.other_count, now.sent_count,
	       now.received_count, now.refused_count, now.refused_host_count, now.lag_ms,
	       now.lag_count, live);
}

static void print_hosts(void)
{
	struct fleet_sync_state now = { 0 };

	if (exchange)
		fleet_sync_get_state(exchange, &now);
	printf("hosts");
	for (size_t i = 0; i < now.host_count; i++) {
		struct fleet_sync_host host;

		fleet_sync_get_host(exchange, i, &host);
		printf(" %s=%s", host.name,
		       host.is_told && host.summary.is_gone ? "gone"
		       : !host.is_told			    ? "silent"
		       : host.is_equal			    ? "equal"
							    : "other");
	}
	printf("\n");
}

/* ---- commands ----------------------------------------------------------------------- */

static void say_words(enum fleet_op op, char *const words[])
{
	struct prefix prefix;

	if (prefix_parse(words[2], strlen(words[2]), &prefix, NULL) != PREFIX_OK)
		die("that is no prefix");
	is_saying = true;
	say(op, words[1], &prefix);
	see_changes();
	is_saying = false;
	printf("done\n");
}

/* Many entries at once, from 10.0.0.0 on. */
static void say_many(enum fleet_op op, char *const words[])
{
	const size_t first = strtoul(words[1], NULL, 10), count = strtoul(words[2], NULL, 10);

	for (size_t i = first; i < first + count; i++) {
		const struct prefix prefix = { .family = FAMILY_IPV4,
					       .len = 32,
					       .addr = { (uint8_t)(10 + (i >> 24)),
							 (uint8_t)(i >> 16), (uint8_t)(i >> 8),
							 (uint8_t)i } };

		say(op, "partners", &prefix);
	}
	see_changes();
	printf("done\n");
}

static void run_command(char *const words[])
{
	static const char *const ops[] = { "many-add", "many-end", "many-del" };

	for (int op = 0; op < FLEET_OP_COUNT; op++) {
		if (!strcmp(words[0], fleet_op_names[op]))
			say_words((enum fleet_op)op, words);
		else if (!strcmp(words[0], ops[op]))
			say_many((enum fleet_op)op, words);
	}
	if (!strcmp(words[0], "state")) {
		print_state();
	} else if (!strcmp(words[0], "hosts")) {
		print_hosts();
	} else if (!strcmp(words[0], "origins")) {
		printf("origins");
		print_origins();
		printf("\n");
	} else if (!strcmp(words[0], "live")) {
		printf("live");
		fleet_replica_walk_live(replica, now_ms(), print_live, NULL);
		printf("\n");
	} else if (!strcmp(words[0], "cut")) {
		fleet_sync_free(exchange);
		exchange = NULL;
		printf("done\n");
	} else if (!strcmp(words[0], "join")) {
		join();
		printf("done\n");
	} else if (!strcmp(words[0], "accept")) {
		fleet_replica_accept(replica, &keeper, words[1], now_ms());
		see_changes();
		printf("done\n");
	} else if (!strcmp(words[0], "forget")) {
		int err = fleet_sync_forget(exchange, words[1]);

		if (!err)
			err =
			    fleet_replica_forget(replica, &keeper, words[1], now_ms(), NULL, NULL);
		printf("done %d\n", err);
	} else if (!strcmp(words[0], "save")) {
		FILE *file = fopen(words[1], "we");

		if (!file || fleet_replica_walk(replica, save_record, file) || fclose(file))
			die(words[1]);
		printf("done\n");
	}
}

static void read_lines(struct bufferevent *input, void *context)
{
	char *line;

	(void)context;
	while ((line = evbuffer_readln(bufferevent_get_input(input), NULL, EVBUFFER_EOL_LF))) {
		char *rest = line, *words[WORDS_MAX] = { NULL };

		for (size_t i = 0; i < WORDS_MAX && rest; i++)
			words[i] = strsep(&rest, " ");
		run_command(words);
		free(line);
	}
}

static void input_ends(struct bufferevent *input, short what, void *context)
{
	(void)input;
	(void)what;
	(void)context;
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	struct bufferevent *input;

	if (argc < 5)
		die("needs four arguments");
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	base = event_base_new();
	replica = fleet_replica_new(argv[1]);
	if (!base || !replica)
		die("out of memory");
	settings.redis = (struct redis_settings) { .url = argv[2], .answer_ms = 1000 };
	settings.self = argv[1];
	settings.key = argv[3];
	settings.tick_ms = (unsigned int)strtoul(argv[4], NULL, 10);
	if (argc > 5)
		load(argv[5]);
	join();
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	input = bufferevent_socket_new(base, STDIN_FILENO, 0);
	if (!input)
		die("out of memory");
	bufferevent_setcb(input, read_lines, NULL, input_ends, NULL);
	bufferevent_enable(input, EV_READ);
	event_base_dispatch(base);
	bufferevent_free(input);
	fleet_sync_free(exchange);
	fleet_replica_free(replica);
	event_base_free(base);
	return 0;
}
