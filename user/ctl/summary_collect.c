/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks ipwld for all that a summary needs. What the configuration has switched off is null. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "ctl/memory.h"
#include "ctl/summary.h"
#include "health/health.h"

#define HOST_BYTES 256
#define NUMBER_BYTES 24
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

struct collector {
	struct client *client;
	const struct summary_span *span;
	char since[NUMBER_BYTES];
	json_t *status;
	json_t *summary;
};

/* Ask, and check that the answer has a member. */
static enum ctl_exit ask(const struct collector *collector, const char *path,
			 const struct parameter *query, const char *member, json_t **ret_answer)
{
	const struct request request = { .method = "GET",
					 .path = path,
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	json_t *answer = NULL;
	enum ctl_exit code = client_request(collector->client, &request, &answer);

	if (!code)
		code = client_require(collector->client, answer, member);
	if (code)
		json_decref(answer);
	else
		*ret_answer = answer;
	return code;
}

static void put(const struct collector *collector, const char *key, json_t *value)
{
	if (json_object_set_new(collector->summary, key, value ? value : json_null()))
		ctl_allocated(NULL);
}

/* ---- what it is about -------------------------------------------------------------- */

static json_t *time_of(int64_t time_sec)
{
	char text[TIME_TEXT_BYTES];

	return json_string(time_format(time_sec, text));
}

static void put_span(const struct collector *collector)
{
	char host[HOST_BYTES] = "";

	if (gethostname(host, sizeof(host) - 1))
		*host = '\0';
	put(collector, "host", writer_string(*host ? host : NULL));
	put(collector, "since", time_of(collector->span->since_sec));
	put(collector, "until", time_of(collector->span->until_sec));
}

static enum ctl_exit collect_health(struct collector *collector)
{
	json_t *problems = ctl_allocated(json_array());
	struct health health;
	enum ctl_exit code = ask(collector, "/v1/status", NULL, "interfaces", &collector->status);

	if (code) {
		json_decref(problems);
		return code;
	}
	if (health_judge(&health, collector->status))
		ctl_allocated(NULL);
	for (size_t i = 0; i < health.problem_count; i++)
		json_array_append_new(problems, writer_string(health.problems[i].text));
	put(collector, "health",
	    json_pack("{s:s,s:o,s:o}", "level", health_level_names[health.level], "summary",
		      writer_string(health.summary), "problems", problems));
	health_done(&health);
	return CTL_DONE;
}

/* ---- traffic ------------------------------------------------------------------------ */

static enum ctl_exit collect_connections(const struct collector *collector)
{
	json_t *answer;
	enum ctl_exit code = ask(collector, "/v1/samples", NULL, "samples", &answer);

	if (code)
		return code;
	put(collector, "connections",
	    summary_connections(json_object_get(answer, "samples"), collector->span));
	json_decref(answer);
	return CTL_DONE;
}

/* Attempts that block lists matched. */
static enum ctl_exit collect_attempts(const struct collector *collector)
{
	const struct parameter query[] = { { "since", collector->since },
					   { "limit", TEXT(SUMMARY_ITEMS_MAX) },
					   { "sources", SUMMARY_SOURCES_MAX },
					   { NULL, NULL } };
	const json_t *keeps = summary_find(collector->status, "seen.keep_seconds");
	json_t *answer = NULL;
	enum ctl_exit code = CTL_DONE;

	if (json_is_integer(keeps))
		code = ask(collector, "/v1/seen/totals", query, "averted", &answer);
	if (code)
		return code;
	json_object_del(answer, "schema_version");
	put(collector, "attempts", answer);
	return CTL_DONE;
}

/* ---- entries ------------------------------------------------------------------------- */

static enum ctl_exit lint(const struct collector *collector, const char *check, const char *key,
			  int64_t sec, const char *list, const char *limit, json_t **ret_answer)
{
	char seconds[NUMBER_BYTES];
	const struct parameter query[] = {
		{ "check", check }, { key, seconds }, { "list", list },
		{ "limit", limit }, { NULL, NULL },
	};

	snprintf(seconds, sizeof(seconds), "%lld", (long long)sec);
	return ask(collector, "/v1/lint", query, "findings", ret_answer);
}

static enum ctl_exit collect_expiring(const struct collector *collector)
{
	json_t *answer;
	enum ctl_exit code =
	    lint(collector, "expiring", "expiring_seconds", SUMMARY_EXPIRING_DAYS * 86400, NULL,
		 TEXT(SUMMARY_ITEMS_MAX), &answer);

	if (code)
		return code;
	put(collector, "expiring",
	    json_pack("{s:i,s:O?,s:O?}", "within_days", SUMMARY_EXPIRING_DAYS, "count",
		      json_object_get(answer, "total"), "items",
		      json_object_get(answer, "findings")));
	json_decref(answer);
	return CTL_DONE;
}

/* Of allow lists, also which entries they are. */
static enum ctl_exit collect_unused_of(const struct collector *collector, const json_t *list,
				       json_t *lists, json_t *items)
{
	const bool is_allow = !strcmp(summary_text(list, "action"), "allow");
	json_t *answer, *finding;
	size_t i;
	enum ctl_exit code =
	    lint(collector, "unused", "unused_seconds", (int64_t)SUMMARY_UNUSED_DAYS * 86400,
		 summary_text(list, "name"), is_allow ? TEXT(SUMMARY_ITEMS_MAX) : "0", &answer);

	if (code)
		return code;
	json_array_append_new(lists,
			      json_pack("{s:O?,s:O?,s:O?}", "list", json_object_get(list, "name"),
					"action", json_object_get(list, "action"), "count",
					json_object_get(answer, "total")));
	json_array_foreach(json_object_get(answer, "findings"), i, finding)
	{
		if (json_array_size(items) < SUMMARY_ITEMS_MAX)
			json_array_append(items, finding);
	}
	json_decref(answer);
	return CTL_DONE;
}

static enum ctl_exit collect_unused(const struct collector *collector)
{
	json_t *lists = ctl_allocated(json_array()), *items = ctl_allocated(json_array());
	const json_t *list;
	enum ctl_exit code = CTL_DONE;
	size_t i;

	json_array_foreach(json_object_get(collector->status, "lists"), i, list)
	{
		if (!code)
			code = collect_unused_of(collector, list, lists, items);
	}
	put(collector, "unused",
	    json_pack("{s:i,s:o,s:o}", "for_days", SUMMARY_UNUSED_DAYS, "lists", lists, "items",
		      items));
	return code;
}

/* ---- learning, feeds, history ---------------------------------------------------------- */

static enum ctl_exit collect_candidates(const struct collector *collector)
{
	const struct parameter query[] = { { "state", "candidate" },
					   { "limit", TEXT(SUMMARY_ITEMS_MAX) },
					   { NULL, NULL } };
	json_t *answer;
	enum ctl_exit code;

	if (!json_is_object(json_object_get(collector->status, "learn"))) {
		put(collector, "candidates", NULL);
		return CTL_DONE;
	}
	code = ask(collector, "/v1/learn", query, "learned", &answer);
	if (code)
		return code;
	put(collector, "candidates",
	    json_pack("{s:I,s:O?}", "count",
		      summary_number(collector->status, "learn.addresses.candidate"), "items",
		      json_object_get(answer, "learned")));
	json_decref(answer);
	return CTL_DONE;
}

static enum ctl_exit collect_feeds(const struct collector *collector)
{
	json_t *array = ctl_allocated(json_array());
	enum ctl_exit code = CTL_DONE;

	for (int i = 0; !code && i < 2; i++) {
		const char *key = i ? "domains" : "feeds";
		json_t *answer;

		code = ask(collector, i ? "/v1/domains" : "/v1/feeds", NULL, key, &answer);
		if (code)
			break;
		summary_add_feeds(array, answer, key);
		json_decref(answer);
	}
	put(collector, "feeds", array);
	return code;
}

/* A page of the history. @before: the page to ask for, and then the next one; "": none. */
static enum ctl_exit collect_page(const struct collector *collector, char *before, json_t *changes,
				  json_t *learned)
{
	const struct parameter query[] = { { "since", collector->since },
					   { "before", *before ? before : NULL },
					   { NULL, NULL } };
	int64_t number = INT64_MAX;
	json_int_t next;
	json_t *answer;
	enum ctl_exit code = ask(collector, "/v1/history", query, "records", &answer);

	if (code)
		return code;
	number_parse(before, 1, INT64_MAX, &number);
	next = summary_number(answer, "next");
	summary_add_records(changes, learned, json_object_get(answer, "records"));
	json_decref(answer);
	*before = '\0';
	if (next && next < number)
		snprintf(before, NUMBER_BYTES, "%lld", (long long)next);
	return CTL_DONE;
}

static enum ctl_exit collect_history(const struct collector *collector)
{
	json_t *changes = ctl_allocated(json_pack("{s:i,s:[]}", "record_count", 0, "by"));
	json_t *learned = ctl_allocated(json_pack("{s:i,s:[]}", "count", 0, "items"));
	char before[NUMBER_BYTES] = "";
	enum ctl_exit code;

	do
		code = collect_page(collector, before, changes, learned);
	while (!code && *before);
	put(collector, "learned", learned);
	put(collector, "changes", changes);
	return code;
}

enum ctl_exit summary_collect(struct client *client, const struct summary_span *span,
			      json_t **ret_summary)
{
	static enum ctl_exit (*const parts[])(const struct collector *) = {
		collect_connections, collect_attempts, collect_candidates, collect_unused,
		collect_expiring,    collect_feeds,    collect_history,
	};
	struct collector collector = { .client = client,
				       .span = span,
				       .summary = ctl_allocated(json_object()) };
	enum ctl_exit code;

	snprintf(collector.since, sizeof(collector.since), "%lld", (long long)span->since_sec);
	put_span(&collector);
	code = collect_health(&collector);
	for (size_t i = 0; !code && i < sizeof(parts) / sizeof(*parts); i++)
		code = parts[i](&collector);
	json_decref(collector.status);
	if (code)
		json_decref(collector.summary);
	else
		*ret_summary = collector.summary;
	return code;
}
