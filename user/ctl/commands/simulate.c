/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `simulate`: a capture, judged by the real program and the tables in force. Needs no
 * daemon, but the rights to run BPF programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/plural.h"
#include "config/config.h"
#include "core/limiter.h"
#include "ctl/capture.h"
#include "ctl/command.h"
#include "ctl/frame.h"
#include "ctl/memory.h"
#include "ctl/tally.h"
#include "ctl/trial.h"
#include "ctl/writer.h"
#include "datapath/names.h"
#include "datapath/simulate.h"

#define ROWS_SHOWN 1000
/* The clock is read once in so many frames. */
#define PROGRESS_FRAMES 4096
#define PROGRESS_SEC 0.5

enum { SIMULATE_CONFIG, SIMULATE_NEW, SIMULATE_LIMIT, SIMULATE_LIMITS };

struct run {
	struct capture *capture;
	struct simulation *simulation;
	struct tally tally;
	struct limiter limiter; /* capacity 0: there are no limits */
	enum ipwl_verdict over; /* the verdict for what is over a limit */
	uint64_t verdicts[IPWL_VERDICT_COUNT];
	uint64_t skipped[SKIP_COUNT];
	uint64_t packets;
	bool shows_progress;
	double shown_sec; /* when progress was shown last */
	double started_sec;
};

static double now_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- progress ---------------------------------------------------------------- */

static void show_packets(struct run *run)
{
	double now = now_sec();
	int percent = capture_percent(run->capture);

	if (now - run->shown_sec < PROGRESS_SEC)
		return;
	run->shown_sec = now;
	fprintf(stderr, "\r%llu %s", (unsigned long long)run->packets,
		plural(run->packets, "packet", "packets"));
	if (percent >= 0)
		fprintf(stderr, ", %d %%", percent);
	fputs("\033[K", stderr);
}

static void clear_packets(const struct run *run)
{
	if (run->shows_progress && run->shown_sec > run->started_sec)
		fputs("\r\033[K", stderr);
}

/* ---- the run ------------------------------------------------------------------- */

/* Only the program knows what an attempt is; only the capture knows when it was made. */
static void apply_limits(struct run *run, const struct captured *captured,
			 struct simulation_result *result)
{
	struct prefix source;
	int over;

	if (!run->limiter.capacity || result->verdict != IPWL_UNLISTED || !result->is_connection ||
	    !frame_source(captured->frame, captured->bytes, &source))
		return;
	over = limiter_judge(&run->limiter, &source, captured->at_ns);
	if (over < 0)
		ctl_allocated(NULL);
	if (over)
		result->verdict = run->over;
}

static void count_frame(struct run *run, const struct captured *captured,
			const struct simulation_result *result)
{
	struct tally_row key = {
		.verdict = (uint8_t)result->verdict,
		.list = result->has_list ? result->list : TALLY_NO_LIST,
	};

	run->verdicts[result->verdict]++;
	/* Only mail is judged by its source. */
	if (result->verdict >= IPWL_UNLISTED &&
	    frame_source(captured->frame, captured->bytes, &key.source))
		tally_add(&run->tally, &key, result->is_connection);
}

/* Return: 0 or -errno. */
static int judge_frame(struct run *run, const struct captured *captured)
{
	struct simulation_result result;
	int err = simulation_run(run->simulation, captured->frame, captured->bytes, &result);

	if (err == -EMSGSIZE) {
		run->skipped[SKIP_TOO_LONG]++;
		return 0;
	}
	if (!err) {
		apply_limits(run, captured, &result);
		count_frame(run, captured, &result);
	}
	return err;
}

static enum ctl_exit judge_capture(struct run *run)
{
	enum capture_event event;
	struct captured captured;
	int err = 0;

	while ((event = capture_next(run->capture, &captured)) < CAPTURE_END) {
		run->packets++;
		if (event == CAPTURE_SKIPPED)
			run->skipped[captured.skip]++;
		else
			err = judge_frame(run, &captured);
		if (err)
			break;
		if (run->shows_progress && run->packets % PROGRESS_FRAMES == 0)
			show_packets(run);
	}
	clear_packets(run);
	if (err) {
		ctl_error("cannot run the BPF program: %s", strerror(-err));
		return err == -EPERM ? CTL_DENIED : CTL_NEGATIVE;
	}
	return event == CAPTURE_END ? CTL_DONE : CTL_INVALID;
}

/* ---- output --------------------------------------------------------------------- */

static const struct column head_columns[] = {
	{ "capture", NULL, FORM_PLAIN },
	{ "link_type", NULL, FORM_PLAIN },
	{ "packets", NULL, FORM_PLAIN },
	{ "skipped", NULL, FORM_PLAIN },
	{ "verdicts", NULL, FORM_PLAIN },
	{ "limits", NULL, FORM_PLAIN },
	{ "sources_left_out", NULL, FORM_PLAIN },
	{ "packets_left_out", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column verdict_columns[] = {
	{ "verdicts.block", "block", FORM_PLAIN },
	{ "verdicts.would_block", "would_block", FORM_PLAIN },
	{ "verdicts.limited", "limited", FORM_PLAIN },
	{ "verdicts.would_limit", "would_limit", FORM_PLAIN },
	{ "verdicts.averted", "averted", FORM_PLAIN },
	{ "verdicts.allow", "allow", FORM_PLAIN },
	{ "verdicts.unlisted", "unlisted", FORM_PLAIN },
	{ "verdicts.other", "other", FORM_PLAIN },
	{ "verdicts.fragment", "fragment", FORM_PLAIN },
	{ "verdicts.malformed", "malformed", FORM_PLAIN },
	{ "skipped.cut", "skipped: cut", FORM_PLAIN },
	{ "skipped.outgoing", "outgoing", FORM_PLAIN },
	{ "skipped.too_long", "too long", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column source_columns[] = {
	{ "address", "SOURCE", FORM_PLAIN },
	{ "verdict", "VERDICT", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "packets", "PACKETS", FORM_NUMBER },
	{ "connections", "CONNECTIONS", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ NULL, NULL, FORM_PLAIN },
};

static json_t *counts_json(const uint64_t *counts, const char *const *names, size_t count)
{
	json_t *object = ctl_allocated(json_object());

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, names[i], json_integer((json_int_t)counts[i]));
	return object;
}

static void write_source(struct writer *writer, struct run *run, const struct tally_row *row)
{
	char address[PREFIX_TEXT_BYTES];
	const char *list = row->list == TALLY_NO_LIST
			       ? NULL
			       : simulation_list_name(run->simulation, (uint16_t)row->list);
	json_t *object = ctl_allocated(json_pack(
	    "{s:s,s:s,s:o,s:I,s:I}", "address", prefix_format_short(&row->source, address),
	    "verdict", verdict_names[row->verdict], "list", writer_string(list), "packets",
	    (json_int_t)row->packets, "connections", (json_int_t)row->connections));

	writer_row(writer, object);
	json_decref(object);
}

/* Text: counts of zero are left out, except those of mail. */
static void write_counts(struct writer *writer, const json_t *head)
{
	for (const struct column *column = verdict_columns; column->path; column++) {
		const char *dot = strchr(column->path, '.');
		bool is_verdict = !strncmp(column->path, "verdicts", strlen("verdicts"));
		const json_t *value = json_object_get(
		    json_object_get(head, is_verdict ? "verdicts" : "skipped"), dot + 1);

		if (!is_verdict && !json_integer_value(value))
			continue;
		writer_text(writer, COLOUR_NONE, "%-16s%lld", column->label,
			    (long long)json_integer_value(value));
		writer_line_end(writer);
	}
}

static json_t *limit_json(const struct limit *limit)
{
	if (!limit->per_minute)
		return json_null();
	return json_pack("{s:i,s:i}", "per_minute", (int)limit->per_minute, "burst",
			 (int)limit->burst);
}

static json_t *limits_json(const struct run *run)
{
	const struct limit *limits = run->limiter.limits.of;

	if (!run->limiter.capacity)
		return json_null();
	return json_pack("{s:o,s:o,s:I}", "address", limit_json(&limits[IPWL_LIMIT_ADDRESS]),
			 "network", limit_json(&limits[IPWL_LIMIT_NETWORK]), "attempts_left_out",
			 (json_int_t)run->limiter.left_out);
}

/* Which limits were applied. */
static void write_limits(struct writer *writer, const struct run *run)
{
	const struct limit *limits = run->limiter.limits.of;
	const char *separator = "limits: ";

	if (!run->limiter.capacity)
		return;
	for (int i = 0; i < IPWL_LIMIT_COUNT; i++) {
		if (!limits[i].per_minute)
			continue;
		writer_text(writer, COLOUR_NONE, "%s%u attempts a minute of a%s %s", separator,
			    limits[i].per_minute, i == IPWL_LIMIT_ADDRESS ? "n" : "",
			    limit_names[i]);
		separator = ", ";
	}
	writer_line_end(writer);
	if (run->limiter.left_out) {
		writer_text(writer, COLOUR_NONE, "%llu attempts were not limited: too many sources",
			    (unsigned long long)run->limiter.left_out);
		writer_line_end(writer);
	}
}

static void write_left_out(struct writer *writer, const struct run *run, size_t shown)
{
	if (run->tally.count > shown) {
		writer_text(writer, COLOUR_NONE, "and %zu more (see --limit)",
			    run->tally.count - shown);
		writer_line_end(writer);
	}
	if (run->tally.left_out_packets) {
		writer_text(writer, COLOUR_NONE, "%llu %s of further sources: too many to list",
			    (unsigned long long)run->tally.left_out_packets,
			    plural(run->tally.left_out_packets, "packet", "packets"));
		writer_line_end(writer);
	}
}

static void write_simulation(struct run *run, const char *path, size_t limit, bool is_json)
{
	size_t shown = run->tally.count < limit ? run->tally.count : limit;
	json_t *head = ctl_allocated(json_pack(
	    "{s:o,s:s,s:I,s:o,s:o,s:o,s:I,s:I}", "capture", writer_string(path), "link_type",
	    capture_link_type(run->capture), "packets", (json_int_t)run->packets, "skipped",
	    counts_json(run->skipped, capture_skip_names, SKIP_COUNT), "verdicts",
	    counts_json(run->verdicts, verdict_names, IPWL_VERDICT_COUNT), "limits",
	    ctl_allocated(limits_json(run)), "sources_left_out",
	    (json_int_t)(run->tally.count - shown), "packets_left_out",
	    (json_int_t)run->tally.left_out_packets));
	struct writer writer;

	tally_sort(&run->tally);
	writer_begin(&writer, stdout, is_json);
	writer_members(&writer, head_columns, head);
	writer_table_begin(&writer, "sources", source_columns, "");
	for (size_t i = 0; i < shown; i++)
		write_source(&writer, run, &run->tally.rows[i]);
	writer_table_end(&writer);
	write_left_out(&writer, run, shown);
	if (!is_json) {
		if (shown)
			writer_line_end(&writer);
		write_counts(&writer, head);
		write_limits(&writer, run);
	}
	writer_end(&writer);
	json_decref(head);
}

/* ---- the command ----------------------------------------------------------------- */

/* To be freed; NULL: it was reported. */
static char *read_bpffs_dir(const char *path)
{
	char *dir;

	if (!config_read_bpffs_dir(path ? path : CONFIG_DEFAULT_PATH, &dir))
		return dir;
	if (!path)
		return ctl_allocated(strdup(CONFIG_DEFAULT_BPFFS_DIR));
	ctl_error("%s: cannot read bpffs_dir: name the configuration with --config", path);
	return NULL;
}

static enum ctl_exit open_simulation(const char *bpffs_dir, struct simulation **ret_simulation)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	int err = simulation_open(bpffs_dir, ret_simulation, error);

	if (!err)
		return CTL_DONE;
	if (err == -EPERM || err == -EACCES) {
		ctl_error("%s: run this as root", error);
		return CTL_DENIED;
	}
	ctl_error("%s%s", error,
		  err == -ENOENT ? ": ipwl is not loaded, or is detached: start ipwld, or reload"
				 : "");
	return CTL_NEGATIVE;
}

/* "30/120": of an address, and of its network; "none": no limit. */
static enum ctl_exit parse_limits(const char *text, struct limits *ret_limits)
{
	char *copy = ctl_allocated(strdup(text)), *parts[IPWL_LIMIT_COUNT] = { copy };
	char *slash = strchr(copy, '/');
	struct limits limits = { .mode = IPWL_LIMITS_MONITOR };
	bool is_fine = slash != NULL;
	int64_t number;

	if (slash) {
		*slash = '\0';
		parts[IPWL_LIMIT_NETWORK] = slash + 1;
	}
	for (int i = 0; is_fine && i < IPWL_LIMIT_COUNT; i++) {
		if (!strcmp(parts[i], "none"))
			continue;
		is_fine = number_parse(parts[i], 1, LIMIT_PER_MINUTE_MAX, &number);
		if (is_fine)
			limits.of[i] = (struct limit) { (uint32_t)number, (uint32_t)number };
	}
	free(copy);
	if (!is_fine) {
		ctl_error("--limits %s: write attempts a minute of an address and of its network, "
			  "like 30/120 or 30/none",
			  text);
		return CTL_INVALID;
	}
	*ret_limits = limits;
	return CTL_DONE;
}

/* Use the limits of the option, or those in force. */
static enum ctl_exit open_limits(struct run *run, const char *text)
{
	struct limits limits = { .mode = IPWL_LIMITS_OFF };
	bool is_enforcing = false;
	enum ctl_exit code = text ? parse_limits(text, &limits) : CTL_DONE;

	if (!code && !text && simulation_read_limits(run->simulation, &limits, &is_enforcing)) {
		ctl_error("cannot read the limits in force");
		return CTL_NEGATIVE;
	}
	run->over = ipwl_limit_verdict(limits.mode, is_enforcing);
	if (!code && limits.mode != IPWL_LIMITS_OFF && limiter_init(&run->limiter, &limits))
		ctl_allocated(NULL);
	return code;
}

static enum ctl_exit run_capture(const struct arguments *arguments, const char *bpffs_dir,
				 size_t limit)
{
	struct run run = { .shows_progress = isatty(STDERR_FILENO) };
	const char *path = arguments->positional[0];
	const char *config = arguments->options[SIMULATE_CONFIG];
	enum ctl_exit code = capture_open(path, &run.capture);

	if (!code && arguments->options[SIMULATE_NEW])
		code =
		    trial_open(config ? config : CONFIG_DEFAULT_PATH, bpffs_dir, &run.simulation);
	else if (!code)
		code = open_simulation(bpffs_dir, &run.simulation);
	if (!code)
		code = open_limits(&run, arguments->options[SIMULATE_LIMITS]);
	if (!code) {
		tally_init(&run.tally);
		run.started_sec = run.shown_sec = now_sec();
		code = judge_capture(&run);
		if (!code)
			write_simulation(&run, path, limit, arguments->global[GLOBAL_JSON]);
		tally_done(&run.tally);
	}
	limiter_done(&run.limiter);
	simulation_close(run.simulation);
	capture_close(run.capture);
	return code;
}

static enum ctl_exit run_simulate(const struct arguments *arguments)
{
	int64_t limit = ROWS_SHOWN;
	enum ctl_exit code;
	char *bpffs_dir;

	if (arguments->options[SIMULATE_LIMIT] &&
	    !number_parse(arguments->options[SIMULATE_LIMIT], 0, TALLY_ROWS_MAX, &limit))
		return ctl_usage_error("simulate", "--limit must be a number from 0 to %u",
				       TALLY_ROWS_MAX);
	bpffs_dir = read_bpffs_dir(arguments->options[SIMULATE_CONFIG]);
	if (!bpffs_dir)
		return CTL_INVALID;
	code = run_capture(arguments, bpffs_dir, (size_t)limit);
	free(bpffs_dir);
	return code;
}

const struct command command_simulate = {
	.name = "simulate",
	.positional = "FILE",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "show the verdicts for the packets of a capture",
	.description =
	    "FILE is a pcap or pcapng file, or - for standard input. The command uses the\n"
	    "lists in force, and does not affect traffic. It needs root, but not ipwld. With\n"
	    "--new, it uses the lists of a configuration that is not in force.",
	.options = { [SIMULATE_CONFIG] = { "config", "FILE",
					   "the configuration with bpffs_dir (" CONFIG_DEFAULT_PATH
					   ")",
					   0 },
		     [SIMULATE_NEW] = { "new", NULL,
					"use the lists of the configuration as it is now", 0 },
		     [SIMULATE_LIMIT] = { "limit", "N", "show at most N sources (1000)", 0 },
		     [SIMULATE_LIMITS] = { "limits", "N/N",
					   "limits for unlisted sources, like 30/120", 0 } },
	.run = run_simulate,
};
