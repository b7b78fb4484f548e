/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The benchmark: what a packet costs, what lists take to load and to hold. */
#include "bench.h"

#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "report.h"
#include "sandbox.h"

static const struct section {
	const char *name;
	void (*measure)(const struct bench_options *options);
	bool is_on_request; /* it takes long, so it must be chosen */
} sections[] = {
	{ "limits", limits_measure, false },	 { "packets", packets_measure, false },
	{ "decision", decision_measure, false }, { "path", path_measure, false },
	{ "attempts", attempts_measure, false }, { "load", load_measure, false },
	{ "daemon", daemon_measure, false },	 { "greeting", greeting_measure, false },
	{ "large", large_measure, true },
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

static const char usage[] =
    "usage: bench [--ipwld PROGRAM] [--json FILE] [--max PREFIXES] [--quick]\n"
    "             [--only limits|packets|decision|attempts|path|load|daemon|greeting|large]...";

/* Mark the section to be run. */
static void choose(bool chosen[SECTION_COUNT], const char *name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (!strcmp(sections[i].name, name)) {
			chosen[i] = true;
			return;
		}
	}
	die("there is no section %s\n%s", name, usage);
}

static size_t parse_size(const char *text)
{
	char *end;
	size_t size = strtoull(text, &end, 10);

	if (!size || *end)
		die("%s is no number of prefixes\n%s", text, usage);
	return size;
}

static struct bench_options parse_options(int argc, char *argv[], bool chosen[SECTION_COUNT])
{
	static const struct option long_options[] = {
		{ "ipwld", required_argument, NULL, 'd' }, { "json", required_argument, NULL, 'j' },
		{ "max", required_argument, NULL, 'm' },   { "only", required_argument, NULL, 'o' },
		{ "quick", no_argument, NULL, 'q' },	   { NULL, 0, NULL, 0 },
	};
	struct bench_options options = { .size_max = SIZE_MAX };
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.ipwld = optarg;
			break;
		case 'j':
			options.json = optarg;
			break;
		case 'm':
			options.size_max = parse_size(optarg);
			break;
		case 'o':
			choose(chosen, optarg);
			break;
		case 'q':
			options.is_quick = true;
			break;
		default:
			die("%s", usage);
		}
	}
	if (optind < argc)
		die("%s", usage);
	return options;
}

int main(int argc, char *argv[])
{
	bool chosen[SECTION_COUNT] = { false }, has_choice = false;
	struct bench_options options = parse_options(argc, argv, chosen);

	/* A scrape or a request may be cut off. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SECTION_COUNT; i++)
		has_choice |= chosen[i];
	report_start(); /* some of what it tells is not seen from inside */
	sandbox_enter();
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (has_choice ? chosen[i] : !sections[i].is_on_request) {
			machine_pin();
			sections[i].measure(&options);
		}
	}
	report_goals();
	if (options.json)
		report_write(options.json);
	return 0;
}
