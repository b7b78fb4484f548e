/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `test`: the kernel's verdict for addresses, with every entry behind it. */
#include <stdint.h>

#include "base/number.h"
#include "base/plural.h"
#include "ctl/addresses.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "ctl/memory.h"
#include "ctl/stopped.h"
#include "ctl/verdict.h"

enum { TEST_CONFIG, TEST_PORT };

/* Addresses in one request: an answer has all entries of each. */
#define BATCH_ADDRESSES 500

static const struct column result_columns[] = {
	{ "address", NULL, FORM_PLAIN }, { "name", NULL, FORM_PLAIN },
	{ "port", NULL, FORM_NUMBER },	 { "verdict", NULL, FORM_PLAIN },
	{ "list", NULL, FORM_PLAIN },	 { "mark", NULL, FORM_HEX },
	{ "lane", NULL, FORM_PLAIN },	 { "on_block", NULL, FORM_PLAIN },
	{ "reject", NULL, FORM_PLAIN },	 { NULL, NULL, FORM_PLAIN },
};

static const struct column more_columns[] = {
	{ "left_out", NULL, FORM_NUMBER },
	{ "overrides", NULL, FORM_PLAIN },
	{ "averted_packets", NULL, FORM_NUMBER },
	{ "limit", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column exclusion_columns[] = {
	{ "prefix", "EXCLUDED", FORM_PLAIN },
	{ "list", "FROM LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "source", "SOURCE", FORM_PLAIN | COLUMN_LEAVES(2) },
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_CUT_BEFORE },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column overruled_columns[] = {
	{ "prefix", "NOT EXCLUDED", FORM_PLAIN },
	{ "list", "FROM LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "source", "SOURCE", FORM_PLAIN | COLUMN_LEAVES(2) },
	{ "origin", "ORIGIN", FORM_PLAIN | COLUMN_CUT_BEFORE },
	{ "protected", "PROTECTED", FORM_PLAIN | COLUMN_CUT },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column port_columns[] = {
	{ "port", "PORT", FORM_NUMBER },
	{ "verdict", "VERDICT", FORM_PLAIN },
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ NULL, NULL, FORM_PLAIN },
};

/* @port: 0: the first mail port */
static json_t *make_test_body(const struct prefix *addresses, size_t count, int64_t port)
{
	json_t *array = ctl_allocated(json_array());
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++) {
		prefix_format_short(&addresses[i], text);
		json_array_append_new(array, ctl_allocated(json_string(text)));
	}
	return ctl_allocated(
	    json_pack("{s:o,s:o*}", "addresses", array, "port", port ? json_integer(port) : NULL));
}

/* @is_stopped: no ipwld runs, which could be told to change something */
static void write_test_result(struct writer *writer, const json_t *result, bool is_stopped)
{
	const long long left_out = json_integer_value(json_object_get(result, "left_out"));

	writer_object_begin(writer, NULL);
	writer_members(writer, result_columns, result);
	verdict_write(writer, result);
	if (!is_stopped)
		verdict_write_remedy(writer, result);
	writer_table(writer, "by_port", port_columns, "  ", json_object_get(result, "by_port"));
	writer_table(writer, "entries", entry_test_columns, "  ",
		     json_object_get(result, "entries"));
	writer_table(writer, "exclusions", exclusion_columns, "  ",
		     json_object_get(result, "exclusions"));
	writer_table(writer, "overruled", overruled_columns, "  ",
		     json_object_get(result, "overruled"));
	if (left_out) {
		writer_text(writer, COLOUR_NONE, "  and %lld more", left_out);
		writer_line_end(writer);
	}
	writer_members(writer, more_columns, result);
	writer_object_end(writer);
}

/* Check an answer before any of it is shown. */
static enum ctl_exit check_results(const json_t *results, size_t count)
{
	const json_t *result;
	size_t i;

	json_array_foreach(results, i, result)
	{
		const char *verdict = entry_string(result, "verdict");

		if (verdict_exit(verdict) == CTL_UNREACHABLE) {
			ctl_error("no usable answer from ipwld: unknown verdict %s", verdict);
			return CTL_UNREACHABLE;
		}
	}
	if (json_array_size(results) == count)
		return CTL_DONE;
	ctl_error("no usable answer from ipwld: %zu %s for %zu %s", json_array_size(results),
		  plural(json_array_size(results), "result", "results"), count,
		  plural(count, "address", "addresses"));
	return CTL_UNREACHABLE;
}

/* What is shown of several batches. */
struct output {
	struct writer writer;
	bool has_begun;
	bool is_stopped;       /* no ipwld runs */
	enum ctl_exit highest; /* of the verdicts so far */
};

/* @names: of the hosts that were asked for, one for each result */
static void write_results(struct output *output, bool is_json, json_t *results, char *const *names)
{
	json_t *result;
	size_t i;

	if (!output->has_begun) {
		writer_begin(&output->writer, stdout, is_json);
		writer_array_begin(&output->writer, "results");
		output->has_begun = true;
	}
	json_array_foreach(results, i, result)
	{
		enum ctl_exit code = verdict_exit(entry_string(result, "verdict"));

		json_object_set_new(result, "name", writer_string(names[i]));
		write_test_result(&output->writer, result, output->is_stopped);
		if (output->highest < code)
			output->highest = code;
	}
}

static enum ctl_exit test_batch(struct client *client, bool is_json, struct output *output,
				const struct addresses *addresses, size_t from, size_t count,
				int64_t port)
{
	json_t *body = make_test_body(addresses->items + from, count, port);
	const struct request request = { .method = "POST",
					 .path = "/v1/test",
					 .body = body,
					 .timeout_sec = CLIENT_TIMEOUT_SEC,
					 .is_continuation = output->has_begun };
	json_t *answer = NULL;
	json_t *results;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_array(client, answer, "results", &results);
	if (!code)
		code = check_results(results, count);
	if (!code)
		write_results(output, is_json, results, addresses->names + from);
	json_decref(answer);
	json_decref(body);
	return code;
}

/* No ipwld runs: the kernel's tables know the verdict and the list, but no entry. */
static enum ctl_exit test_stopped(const struct arguments *arguments,
				  const struct addresses *addresses, int64_t port,
				  struct output *output)
{
	json_t *results;
	enum ctl_exit code = stopped_test(arguments->options[TEST_CONFIG], (uint16_t)port,
					  addresses->items, addresses->count, &results);

	if (code)
		return code;
	ctl_error("warning: these are the verdicts of the tables that the kernel still uses");
	output->is_stopped = true;
	write_results(output, arguments->global[GLOBAL_JSON], results, addresses->names);
	json_decref(results);
	return CTL_DONE;
}

static enum ctl_exit test_all(const struct arguments *arguments, const struct addresses *addresses,
			      int64_t port)
{
	struct client *client = client_new(arguments);
	struct output output = { .highest = CTL_DONE };
	bool is_json = arguments->global[GLOBAL_JSON];
	enum ctl_exit code = CTL_DONE;

	for (size_t i = 0; i < addresses->count && !code; i += BATCH_ADDRESSES) {
		size_t left = addresses->count - i;

		code = test_batch(client, is_json, &output, addresses, i,
				  left < BATCH_ADDRESSES ? left : BATCH_ADDRESSES, port);
	}
	if (code == CTL_UNREACHABLE && !output.has_begun)
		code = test_stopped(arguments, addresses, port, &output);
	/* As with `list`, JSON that was cut short by a failure stays so. */
	if (!code) {
		writer_array_end(&output.writer);
		writer_end(&output.writer);
	}
	client_free(client);
	return code ? code : output.highest;
}

static enum ctl_exit run_test(const struct arguments *arguments)
{
	const char *text = arguments->options[TEST_PORT];
	struct addresses addresses = { 0 };
	enum ctl_exit code;
	int64_t port = 0;

	if (text && !number_parse(text, 1, UINT16_MAX, &port)) {
		ctl_error("--port: \"%s\" is not a port", text);
		return CTL_USAGE;
	}
	code = addresses_read(&addresses, arguments);
	if (!code)
		code = test_all(arguments, &addresses, port);
	addresses_done(&addresses);
	return code;
}

const struct command command_test = {
	.name = "test",
	.positional = "ADDR...",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "show the kernel's verdict for addresses, and the reason",
	.description =
	    "ADDR may also be the name of a host, or a network or a range of at most\n"
	    "4096 addresses. If it is -, reads addresses from standard input, one per line.\n"
	    "Exit code: the highest of 0 allow or averted, 1 unlisted, 6 block or\n"
	    "would_block. If ipwld does not run, root sees the verdicts of the kernel.",
	.options = { [TEST_CONFIG] = { "config", "FILE",
				       "without ipwld: the configuration that names bpffs_dir", 0 },
		     [TEST_PORT] = { "port", "NUMBER", "the mail port (default: the first one)",
				     0 } },
	.run = run_test,
};
