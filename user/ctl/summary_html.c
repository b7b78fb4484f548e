/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as one page of HTML, with plots in SVG. Whatever comes from elsewhere is escaped. */
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/plural.h"
#include "base/text.h"
#include "ctl/memory.h"
#include "ctl/summary_internal.h"

#define PLOT_WIDTH 700
#define PLOT_HEIGHT 60

static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    "body { font: 15px/1.4 sans-serif; color: #1b1b1b; background: #fff; max-width: 60em;"
    " margin: 1em auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.3em; } h2 { font-size: 1.1em; margin: 1.5em 0 .3em; }\n"
    "table { border-collapse: collapse; margin: .3em 0; }\n"
    "th, td { text-align: left; padding: .15em .8em .15em 0; border-bottom: 1px solid #ddd;"
    " vertical-align: top; overflow-wrap: anywhere; }\n"
    "th { font-weight: normal; color: #555; } .number { text-align: right; }\n"
    ".OK { color: #17692f; } .WARNING { color: #855200; } .CRITICAL { color: #b3131b; }\n"
    "svg { display: block; max-width: 100%; height: auto; }\n"
    "</style>\n";

/* ---- text ---------------------------------------------------------------------- */

/* Escape for text and for values of attributes. Control characters are shown as \x1b. */
static void put_text(FILE *stream, const char *text)
{
	char *plain = ctl_allocated(text_escape(text));

	for (const char *c = plain; *c; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", stream);
			break;
		case '<':
			fputs("&lt;", stream);
			break;
		case '>':
			fputs("&gt;", stream);
			break;
		case '"':
			fputs("&quot;", stream);
			break;
		case '\'':
			fputs("&#39;", stream);
			break;
		default:
			fputc(*c, stream);
		}
	}
	free(plain);
}

static void put_member(FILE *stream, const json_t *object, const char *path, unsigned int form)
{
	char *text = writer_value_text(summary_find(object, path), form);

	put_text(stream, text);
	free(text);
}

/* ---- tables -------------------------------------------------------------------- */

static bool is_number(const struct column *column)
{
	return (column->form & FORM_MASK) == FORM_NUMBER;
}

static void put_row(FILE *stream, const struct column *columns, const json_t *row)
{
	fputs("<tr>", stream);
	for (const struct column *column = columns; column->path; column++) {
		fputs(is_number(column) ? "<td class=\"number\">" : "<td>", stream);
		put_member(stream, row, column->path, column->form);
		fputs("</td>", stream);
	}
	fputs("</tr>\n", stream);
}

static void begin_table(FILE *stream, const struct column *columns)
{
	fputs("<table>\n<tr>", stream);
	for (const struct column *column = columns; column->path; column++)
		fprintf(stream, "<th scope=\"col\"%s>%s</th>",
			is_number(column) ? " class=\"number\"" : "", column->label);
	fputs("</tr>\n", stream);
}

static void put_table(FILE *stream, const struct column *columns, const json_t *array)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(array))
		return;
	begin_table(stream, columns);
	json_array_foreach(array, i, row) put_row(stream, columns, row);
	fputs("</table>\n", stream);
}

static void put_more(FILE *stream, json_int_t count, const json_t *items)
{
	const json_int_t more = count - (json_int_t)json_array_size(items);

	if (more > 0)
		fprintf(stream, "<p>and %lld more</p>\n", (long long)more);
}

/* ---- plots --------------------------------------------------------------------- */

/* Bars of what was counted in each step. The table above has the sum. */
static void put_plot(FILE *stream, const json_t *connections, const char *verdict,
		     const char *colour)
{
	const json_t *steps = json_object_get(json_object_get(connections, "by_verdict"), verdict);
	const size_t count = json_array_size(steps);
	char duration[DURATION_TEXT_BYTES];
	const json_t *step;
	json_int_t most = 0;
	size_t i;

	json_array_foreach(steps, i, step) if (json_integer_value(step) > most) most =
	    json_integer_value(step);
	if (!most)
		return;
	fprintf(stream,
		"<p>%s: at most %lld in %s</p>\n"
		"<svg role=\"img\" aria-label=\"%s\" width=\"%d\" height=\"%d\""
		" viewBox=\"0 0 %d %d\">\n",
		verdict, (long long)most,
		duration_format(summary_number(connections, "step_seconds"), duration), verdict,
		PLOT_WIDTH, PLOT_HEIGHT, PLOT_WIDTH, PLOT_HEIGHT);
	json_array_foreach(steps, i, step)
	{
		const double height =
		    (double)json_integer_value(step) * (PLOT_HEIGHT - 2) / (double)most;
		const double width = (double)PLOT_WIDTH / (double)count;

		if (json_integer_value(step))
			fprintf(stream,
				"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\""
				" fill=\"%s\"/>\n",
				(double)i * width, PLOT_HEIGHT - 1 - height, width * 0.9,
				height + 1, colour);
	}
	fprintf(stream, "<path d=\"M0 %dH%d\" stroke=\"#888\"/>\n</svg>\n", PLOT_HEIGHT,
		PLOT_WIDTH);
}

static void put_connections(FILE *stream, const json_t *connections)
{
	static const char *const colours[][2] = { { "allow", "#2f7d4f" },
						  { "averted", "#1f5fa8" },
						  { "unlisted", "#777777" },
						  { "would_block", "#b07400" },
						  { "block", "#b3131b" } };

	if (!json_is_string(json_object_get(connections, "since")))
		return;
	fputs("<h2>Connections since ", stream);
	put_member(stream, connections, "since", FORM_TIME);
	fputs("</h2>\n", stream);
	begin_table(stream, summary_connection_columns);
	put_row(stream, summary_connection_columns, json_object_get(connections, "total"));
	fputs("</table>\n", stream);
	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		put_plot(stream, connections, colours[i][0], colours[i][1]);
}

/* ---- parts --------------------------------------------------------------------- */

static void put_head(FILE *stream, const json_t *summary)
{
	const json_t *problem;
	size_t i;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n", stream);
	fputs(head, stream);
	fputs("<title>ipwl on ", stream);
	put_member(stream, summary, "host", FORM_PLAIN);
	fputs("</title>\n</head>\n<body>\n<h1>ipwl on ", stream);
	put_member(stream, summary, "host", FORM_PLAIN);
	fputs(", ", stream);
	put_member(stream, summary, "since", FORM_TIME);
	fputs(" to ", stream);
	put_member(stream, summary, "until", FORM_TIME);
	fputs("</h1>\n<p class=\"", stream);
	put_member(stream, summary, "health.level", FORM_PLAIN);
	fputs("\">", stream);
	put_member(stream, summary, "health.summary", FORM_PLAIN);
	fputs("</p>\n", stream);
	if (!json_array_size(summary_find(summary, "health.problems")))
		return;
	fputs("<ul>\n", stream);
	json_array_foreach(summary_find(summary, "health.problems"), i, problem)
	{
		fputs("<li>", stream);
		put_text(stream, json_string_value(problem) ? json_string_value(problem) : "-");
		fputs("</li>\n", stream);
	}
	fputs("</ul>\n", stream);
}

static void put_attempts(FILE *stream, const json_t *attempts)
{
	const json_t *averted = json_object_get(attempts, "averted");
	const json_int_t left_out = summary_left_out(attempts);
	json_t *sources;

	if (!json_is_object(attempts)) {
		fputs("<h2>Attempts</h2>\n<p>They are not stored (seen: keep: none).</p>\n",
		      stream);
		return;
	}
	fprintf(stream, "<h2>Averted: %lld</h2>\n<p>Attempts since ",
		(long long)summary_number(attempts, "attempts_by_verdict.averted"));
	put_member(stream, attempts, "since", FORM_TIME);
	fputs(" that block lists would have dropped.</p>\n", stream);
	put_table(stream, summary_averted_columns, averted);
	put_more(stream, summary_number(attempts, "averted_count"), averted);
	fprintf(stream, "<h2>Dropped: %lld; in monitor mode: %lld</h2>\n",
		(long long)summary_number(attempts, "attempts_by_verdict.block"),
		(long long)summary_number(attempts, "attempts_by_verdict.would_block"));
	put_table(stream, summary_list_columns, json_object_get(attempts, "lists"));
	if (left_out)
		fprintf(stream, "<p class=\"WARNING\">%lld more %s of unknown sources</p>\n",
			(long long)left_out, plural((uint64_t)left_out, "attempt", "attempts"));
	sources = summary_sources(attempts);
	if (json_array_size(sources))
		fputs("<h2>Sources with most of these attempts</h2>\n", stream);
	put_table(stream, summary_source_columns, sources);
	json_decref(sources);
}

static void put_learned(FILE *stream, const json_t *summary)
{
	const json_t *candidates = json_object_get(summary, "candidates");
	const json_t *learned = json_object_get(summary, "learned");

	if (json_is_object(candidates)) {
		fprintf(stream, "<h2>Learned candidates that wait: %lld</h2>\n",
			(long long)summary_number(candidates, "count"));
		put_table(stream, summary_candidate_columns, json_object_get(candidates, "items"));
		put_more(stream, summary_number(candidates, "count"),
			 json_object_get(candidates, "items"));
	}
	if (!summary_number(learned, "count"))
		return;
	fprintf(stream, "<h2>Learned entries that came or went: %lld</h2>\n",
		(long long)summary_number(learned, "count"));
	put_table(stream, summary_learned_columns, json_object_get(learned, "items"));
	put_more(stream, summary_number(learned, "count"), json_object_get(learned, "items"));
}

static void put_entries(FILE *stream, const json_t *summary)
{
	const json_t *unused = json_object_get(summary, "unused");
	const json_t *expiring = json_object_get(summary, "expiring");

	fprintf(stream, "<h2>Entries without a hit for %lld days</h2>\n",
		(long long)summary_number(unused, "for_days"));
	put_table(stream, summary_unused_columns, json_object_get(unused, "lists"));
	put_table(stream, summary_finding_columns, json_object_get(unused, "items"));
	fprintf(stream, "<h2>Entries that expire within %lld days: %lld</h2>\n",
		(long long)summary_number(expiring, "within_days"),
		(long long)summary_number(expiring, "count"));
	put_table(stream, summary_finding_columns, json_object_get(expiring, "items"));
	put_more(stream, summary_number(expiring, "count"), json_object_get(expiring, "items"));
}

void summary_write_html(FILE *stream, const json_t *summary)
{
	const json_t *feeds = json_object_get(summary, "feeds");

	put_head(stream, summary);
	put_connections(stream, json_object_get(summary, "connections"));
	put_attempts(stream, json_object_get(summary, "attempts"));
	put_learned(stream, summary);
	put_entries(stream, summary);
	if (json_array_size(feeds))
		fputs("<h2>Feeds and domains that need attention</h2>\n", stream);
	put_table(stream, summary_feed_columns, feeds);
	fprintf(stream, "<h2>Records of changes: %lld</h2>\n",
		(long long)summary_number(summary, "changes.record_count"));
	put_table(stream, summary_change_columns, summary_find(summary, "changes.by"));
	fputs("</body>\n</html>\n", stream);
}
