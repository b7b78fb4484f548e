/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `monitor`: attempts that block lists match, as they come. Asks ipwld for what is new, several
 * times a second. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/plural.h"
#include "base/text.h"
#include "core/prefix_error.h"
#include "ctl/client.h"
#include "ctl/memory.h"
#include "ctl/packet_file.h"
#include "ctl/writer.h"

#define POLL_NSEC 250000000L
/* More than ipwld sends of a packet. */
#define PACKET_BYTES_MAX 1024

enum {
	MONITOR_VERDICT,
	MONITOR_LIST,
	MONITOR_PORT,
	MONITOR_COUNT,
	MONITOR_PCAP,
	MONITOR_PAYLOAD,
};

/* Attempts that nobody has seen, since the start of the command. */
static const struct {
	const char *key;
	const char *text;
} causes[] = {
	{ "source_limit", "over the limit of their source" },
	{ "limit", "over the limit of all" },
	{ "ring_full", "reported faster than ipwld reads" },
};
#define CAUSE_COUNT (sizeof(causes) / sizeof(*causes))

struct monitor {
	const struct arguments *arguments;
	struct client *client;
	struct packet_file *packets; /* NULL: none */
	struct prefix prefix;
	bool has_prefix;
	int64_t port; /* 0: any */
	int64_t left; /* attempts to show; 0: no limit */
	char next[24];
	bool has_begun;
	bool is_over;
	bool is_behind; /* there was something, so there may be more */
	bool is_quiet;	/* standard output has packets */
	uint64_t shown, others, missed;
	uint64_t first[CAUSE_COUNT], last[CAUSE_COUNT];
};

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int number)
{
	(void)number;
	is_interrupted = 1;
}

/* The first signal ends the command in order, the second one at once. */
static void catch_interrupts(void)
{
	const struct sigaction action = { .sa_handler = on_interrupt,
					  .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* ---- options -------------------------------------------------------------------- */

static enum ctl_exit read_prefix(const char *text, struct monitor *monitor)
{
	enum prefix_error error = prefix_parse(text, strlen(text), &monitor->prefix, NULL);
	char message[PREFIX_MESSAGE_BYTES];

	monitor->has_prefix = true;
	if (error == PREFIX_OK)
		return CTL_DONE;
	prefix_error_message(error, text, strlen(text), message);
	ctl_error("%s", message);
	return CTL_INVALID;
}

static enum ctl_exit read_options(struct monitor *monitor)
{
	static const char *const verdicts[] = { "block", "would_block", "averted", "limited",
						"would_limit" };
	const struct arguments *arguments = monitor->arguments;
	const char *verdict = arguments->options[MONITOR_VERDICT];
	const char *port = arguments->options[MONITOR_PORT];
	const char *count = arguments->options[MONITOR_COUNT];
	bool is_known = !verdict;

	for (size_t i = 0; verdict && i < sizeof(verdicts) / sizeof(*verdicts); i++)
		is_known |= !strcmp(verdict, verdicts[i]);
	if (!is_known) {
		ctl_error("--verdict %s: write block, would_block, averted, limited or "
			  "would_limit",
			  verdict);
		return CTL_INVALID;
	}
	if (port && !number_parse(port, 1, UINT16_MAX, &monitor->port)) {
		ctl_error("--port %s: write a number from 1 to 65535", port);
		return CTL_INVALID;
	}
	if (count && !number_parse(count, 1, INT64_MAX, &monitor->left)) {
		ctl_error("--count %s: write a number of at least 1", count);
		return CTL_INVALID;
	}
	if (arguments->options[MONITOR_PAYLOAD] && !arguments->options[MONITOR_PCAP])
		return ctl_usage_error("monitor", "--payload needs --pcap");
	return arguments->positional_count ? read_prefix(arguments->positional[0], monitor)
					   : CTL_DONE;
}

/* ---- output ---------------------------------------------------------------------- */

/* In this order in text, too. */
static const struct column attempt_columns[] = {
	{ "at", NULL, FORM_PLAIN },	     { "verdict", NULL, FORM_PLAIN },
	{ "source", NULL, FORM_PLAIN },	     { "source_port", NULL, FORM_PLAIN },
	{ "destination", NULL, FORM_PLAIN }, { "port", NULL, FORM_PLAIN },
	{ "list", NULL, FORM_PLAIN },	     { "entry", NULL, FORM_PLAIN },
	{ "interface", NULL, FORM_PLAIN },   { "bytes", NULL, FORM_PLAIN },
	{ "left_out", NULL, FORM_PLAIN },    { NULL, NULL, FORM_PLAIN },
};

static const char *text_of(const json_t *attempt, const char *key)
{
	const char *text = json_string_value(json_object_get(attempt, key));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* AT VERDICT SOURCE.PORT > DESTINATION.PORT LIST ENTRY INTERFACE; ports as tcpdump writes them,
 * so that IPv6 addresses stay clear. */
static void print_line(const json_t *attempt)
{
	static const char *const words[] = { "list", "entry", "interface" };
	long long left_out = number_of(attempt, "left_out");

	text_print(text_of(attempt, "at"), stdout);
	putchar(' ');
	text_print(text_of(attempt, "verdict"), stdout);
	putchar(' ');
	text_print(text_of(attempt, "source"), stdout);
	printf(".%lld > ", number_of(attempt, "source_port"));
	text_print(text_of(attempt, "destination"), stdout);
	printf(".%lld", number_of(attempt, "port"));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		putchar(' ');
		text_print(text_of(attempt, words[i]), stdout);
	}
	if (left_out)
		printf(" (%lld more since the last one)", left_out);
	putchar('\n');
}

static void print_json(const json_t *attempt)
{
	struct writer writer;

	writer_begin(&writer, stdout, true);
	writer_members(&writer, attempt_columns, attempt);
	writer_end(&writer);
}

/* ---- packets ----------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Return: how many bytes were read. */
static size_t read_hex(const char *text, uint8_t *bytes, size_t bytes_max)
{
	size_t count = 0;

	while (text && count < bytes_max) {
		int high = hex_digit(text[2 * count]);
		int low = high < 0 ? -1 : hex_digit(text[2 * count + 1]);

		if (low < 0)
			break;
		bytes[count++] = (uint8_t)(high << 4 | low);
	}
	return count;
}

static void save_packet(struct monitor *monitor, const json_t *attempt)
{
	uint8_t packet[PACKET_BYTES_MAX];
	size_t bytes = read_hex(text_of(attempt, "packet"), packet, sizeof(packet));
	size_t header_bytes = (size_t)number_of(attempt, "header_bytes");

	if (!monitor->arguments->options[MONITOR_PAYLOAD] && bytes > header_bytes)
		bytes = header_bytes;
	packet_file_add(monitor->packets, number_of(attempt, "at_ns"), packet, bytes,
			(size_t)number_of(attempt, "bytes"));
}

/* ---- attempts ----------------------------------------------------------------------- */

static bool is_inside(const struct prefix *prefix, const char *source)
{
	struct prefix address;

	return !prefix_parse(source, strlen(source), &address, NULL) &&
	       prefix_contains(prefix, &address);
}

static bool is_wanted(const struct monitor *monitor, const json_t *attempt)
{
	const char *const *options = monitor->arguments->options;

	if (options[MONITOR_VERDICT] &&
	    strcmp(options[MONITOR_VERDICT], text_of(attempt, "verdict")) != 0)
		return false;
	if (options[MONITOR_LIST] && strcmp(options[MONITOR_LIST], text_of(attempt, "list")) != 0)
		return false;
	if (monitor->port && monitor->port != number_of(attempt, "port"))
		return false;
	return !monitor->has_prefix || is_inside(&monitor->prefix, text_of(attempt, "source"));
}

static void show_attempt(struct monitor *monitor, const json_t *attempt)
{
	if (!is_wanted(monitor, attempt)) {
		monitor->others++;
		return;
	}
	monitor->shown++;
	if (monitor->packets)
		save_packet(monitor, attempt);
	if (!monitor->is_quiet)
		(monitor->arguments->global[GLOBAL_JSON] ? print_json : print_line)(attempt);
	if (monitor->left && !--monitor->left)
		monitor->is_over = true;
}

static void read_causes(struct monitor *monitor, const json_t *counts)
{
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		monitor->last[i] = (uint64_t)number_of(counts, causes[i].key);
		if (!monitor->has_begun)
			monitor->first[i] = monitor->last[i];
	}
}

static enum ctl_exit take_answer(struct monitor *monitor, const json_t *answer)
{
	json_t *attempts;
	const json_t *attempt;
	size_t i;
	enum ctl_exit code = client_array(monitor->client, answer, "attempts", &attempts);

	if (!code)
		code = client_require(monitor->client, answer, "next");
	if (code)
		return code;
	if (!monitor->has_begun && json_is_false(json_object_get(answer, "reporting")))
		ctl_error("warning: the configuration says events: per_second: none, so nothing "
			  "is reported");
	read_causes(monitor, json_object_get(answer, "counts"));
	monitor->missed += (uint64_t)number_of(answer, "missed");
	json_array_foreach(attempts, i, attempt)
	{
		if (!monitor->is_over)
			show_attempt(monitor, attempt);
	}
	monitor->is_behind = json_array_size(attempts) > 0;
	monitor->has_begun = true;
	snprintf(monitor->next, sizeof(monitor->next), "%lld", number_of(answer, "next"));
	if (monitor->packets)
		code = packet_file_flush(monitor->packets);
	/* A pipe whose reader has gone. */
	if (!monitor->is_quiet && (fflush(stdout) || ferror(stdout)))
		monitor->is_over = true;
	return code;
}

static enum ctl_exit poll_once(struct monitor *monitor)
{
	const struct parameter query[] = { { "after", *monitor->next ? monitor->next : NULL },
					   { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/monitor",
					 .query = query,
					 .timeout_sec = CLIENT_TIMEOUT_SEC,
					 .is_continuation = monitor->shown > 0 };
	json_t *answer;
	enum ctl_exit code = client_request(monitor->client, &request, &answer);

	if (code)
		return code;
	code = take_answer(monitor, answer);
	json_decref(answer);
	return code;
}

/* ---- the end -------------------------------------------------------------------------- */

static void print_count(const char *separator, uint64_t count, const char *text)
{
	if (count)
		fprintf(stderr, "%s%llu %s", separator, (unsigned long long)count, text);
}

/* To standard error, as tcpdump does. */
static void print_summary(const struct monitor *monitor)
{
	uint64_t of_cause, left_out = monitor->missed;

	for (size_t i = 0; i < CAUSE_COUNT; i++)
		left_out += monitor->last[i] - monitor->first[i];
	fprintf(stderr, "%llu %s shown", (unsigned long long)monitor->shown,
		plural(monitor->shown, "attempt", "attempts"));
	print_count(", ", monitor->others, "filtered out");
	fprintf(stderr, ", %llu left out", (unsigned long long)left_out);
	if (left_out) {
		const char *separator = ": ";

		for (size_t i = 0; i < CAUSE_COUNT; i++) {
			of_cause = monitor->last[i] - monitor->first[i];
			print_count(separator, of_cause, causes[i].text);
			separator = of_cause ? ", " : separator;
		}
		print_count(separator, monitor->missed, "shown too late");
	}
	fputc('\n', stderr);
}

static enum ctl_exit watch(struct monitor *monitor)
{
	const struct timespec pause = { .tv_nsec = POLL_NSEC };
	enum ctl_exit code = CTL_DONE;

	catch_interrupts();
	while (!code && !monitor->is_over && !is_interrupted) {
		code = poll_once(monitor);
		if (!code && !monitor->is_over && !monitor->is_behind && !is_interrupted)
			nanosleep(&pause, NULL);
	}
	if (monitor->has_begun)
		print_summary(monitor);
	return code;
}

static enum ctl_exit run_monitor(const struct arguments *arguments)
{
	struct monitor monitor = { .arguments = arguments };
	const char *path = arguments->options[MONITOR_PCAP];
	enum ctl_exit code = read_options(&monitor);

	if (!code && path)
		code = packet_file_open(path, &monitor.packets);
	if (code)
		return code;
	/* Standard output has the packets. */
	monitor.is_quiet = path && !strcmp(path, "-");
	monitor.client = client_new(arguments);
	code = watch(&monitor);
	client_free(monitor.client);
	packet_file_close(monitor.packets);
	return code;
}

const struct command command_monitor = {
	.name = "monitor",
	.positional = "[PREFIX]",
	.positional_max = 1,
	.summary = "show dropped and averted attempts to connect, as they come",
	.description =
	    "Shows attempts of sources that a block list contains or that are over a limit.\n"
	    "tcpdump does not see those that are dropped. With --json, each line is an\n"
	    "object.",
	.options = { [MONITOR_VERDICT] = { "verdict", "V",
					   "only block, would_block, averted, limited or "
					   "would_limit",
					   0 },
		     [MONITOR_LIST] = { "list", "NAME", "only attempts that this list decided", 0 },
		     [MONITOR_PORT] = { "port", "N", "only attempts to this port", 0 },
		     [MONITOR_COUNT] = { "count", "N", "end after so many attempts", 0 },
		     [MONITOR_PCAP] = { "pcap", "FILE", "also write the headers of the packets",
					0 },
		     [MONITOR_PAYLOAD] = { "payload", NULL, "with --pcap, write data, too", 0 } },
	.run = run_monitor,
};
