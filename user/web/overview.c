/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts together what the status page shows. */
#include "web/overview.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api/entry.h"
#include "api/learn_json.h"
#include "api/request.h"
#include "api/samples.h"
#include "api/seen_json.h"
#include "api/status.h"
#include "base/clock.h"
#include "engine/hit_rank.h"
#include "health/health.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "runtime/trend.h"

#define CANDIDATES_MAX 50
#define SAVED_MAX 10
/* A week: longer ago, attempts are forgotten unless the configuration says otherwise. */
#define ATTEMPTS_SEC (7 * 86400)
#define AVERTED_MAX 20
#define SOURCES_MAX 10 /* of each list */
#define SLOW_SEC 0.2
#define REUSE_FACTOR 60
#define HOST_BYTES 256

/* ---- whose mail was saved -------------------------------------------------------- */

/* Entries of allow lists whose senders are on a block list, too: those with most packets first.
 * null: hits cannot be read. */
static json_t *saved_json(struct engine *engine)
{
	const struct hit_query query = { .sort = HIT_SORT_AVERTED, .limit = SAVED_MAX };
	const struct entry_view view = engine_view(engine);
	struct refusal refusal = { 0 };
	struct hit_ranking ranking;
	json_t *array;

	if (engine_rank_hits(engine, &query, &ranking, &refusal)) {
		refusal_done(&refusal);
		return json_null();
	}
	array = json_array();
	for (size_t i = 0; i < ranking.count; i++)
		json_array_append_new(array,
				      entry_json(&view, ranking.items[i].list,
						 ranking.items[i].entry, ranking.items[i].rule));
	hit_ranking_done(&ranking);
	return array;
}

/* ---- candidates ---------------------------------------------------------------- */

/* Senders that wait for an administrator. null: nothing is learned, or it cannot be read. */
static json_t *candidates_json(struct engine *engine)
{
	const struct learned_query query = { .state = LEARN_CANDIDATE, .limit = CANDIDATES_MAX };
	struct refusal refusal = { 0 };
	struct learned_page page;
	json_t *array;

	if (engine_learned_page(engine, &query, &page, &refusal)) {
		refusal_done(&refusal);
		return json_null();
	}
	array = json_array();
	for (size_t i = 0; i < page.count; i++)
		json_array_append_new(array, learned_json(&page.items[i], page.list));
	learned_page_done(&page);
	return array;
}

/* The same of partner domains, whose SPF records would be in force. */
static json_t *candidate_domains_json(struct engine *engine)
{
	struct refusal refusal = { 0 };
	struct learned_page page;
	json_t *array;

	if (engine_learned_domains(engine, LEARN_CANDIDATE, CANDIDATES_MAX, &page, &refusal)) {
		refusal_done(&refusal);
		return json_null();
	}
	array = json_array();
	for (size_t i = 0; i < page.count; i++) {
		json_t *domain = learned_json(&page.items[i], page.list);

		json_object_set_new(domain, "prefix", json_null());
		json_array_append_new(array, domain);
	}
	learned_page_done(&page);
	return array;
}

/* ---- attempts ------------------------------------------------------------------ */

/* The last sums, of the worker alone. To read all rows may take a second, in which nothing else
 * is done: so the sums are shown again for REUSE_FACTOR times as long. */
static struct {
	json_t *attempts;
	double expires_sec; /* of the clock that never steps */
	int64_t keep_sec;
} last;

static bool can_reuse_last(const struct engine *engine)
{
	return last.attempts && time_monotonic_sec() < last.expires_sec &&
	       last.keep_sec == engine_snapshot(engine)->config->seen.keep_sec;
}

static void keep_last(const struct engine *engine, const json_t *attempts, double taken_sec)
{
	json_decref(last.attempts);
	last.attempts = taken_sec < SLOW_SEC ? NULL : json_deep_copy(attempts);
	last.expires_sec = time_monotonic_sec() + REUSE_FACTOR * taken_sec;
	last.keep_sec = engine_snapshot(engine)->config->seen.keep_sec;
}

/* Whose attempts block lists match, and which of them allow lists let through. null: they are not
 * stored, or cannot be read. */
static json_t *attempts_json(struct engine *engine)
{
	const double begun_sec = time_monotonic_sec();
	const int64_t since_sec = time_now_sec() - ATTEMPTS_SEC;
	struct refusal refusal = { 0 };
	json_t *attempts;

	if (can_reuse_last(engine))
		return json_deep_copy(last.attempts);
	attempts = seen_totals_json(engine, since_sec, AVERTED_MAX, SOURCES_MAX, &refusal);
	refusal_done(&refusal);
	if (!attempts)
		return json_null();
	keep_last(engine, attempts, time_monotonic_sec() - begun_sec);
	return attempts;
}

static void overview_run(struct api_task *task, struct engine *engine)
{
	task->answer = json_pack("{s:o,s:o,s:o,s:o}", "attempts", attempts_json(engine), "saved",
				 saved_json(engine), "candidates", candidates_json(engine),
				 "candidate_domains", candidate_domains_json(engine));
}

/* ---- health -------------------------------------------------------------------- */

static json_t *health_json(const json_t *status)
{
	json_t *problems;
	struct health health;
	json_t *object;

	if (!status || health_judge(&health, status))
		return NULL;
	problems = json_array();
	for (size_t i = 0; i < health.problem_count; i++)
		json_array_append_new(problems,
				      json_pack("{s:s,s:o}", "level",
						health_level_names[health.problems[i].level],
						"text", json_text(health.problems[i].text)));
	object = json_pack("{s:s,s:s,s:o,s:o}", "level", health_level_names[health.level],
			   "protection", health_level_names[health.protection], "summary",
			   json_text(health.summary), "problems", problems);
	health_done(&health);
	return object;
}

/* ---- all of it ------------------------------------------------------------------ */

static json_t *host_json(void)
{
	char host[HOST_BYTES] = "";

	if (gethostname(host, sizeof(host) - 1))
		return json_null();
	return json_text(host);
}

static json_t *overview_json(struct runtime *runtime)
{
	int64_t now_sec;
	const struct samples *samples = trend_look(runtime->trend, &now_sec);
	json_t *status = status_json(runtime);
	json_t *health = health_json(status);

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "host", host_json(), "now",
			 json_time(now_sec), "health", health, "status", status, "feeds",
			 feed_states_json(runtime, FEED_OF_URL), "domains",
			 feed_states_json(runtime, FEED_OF_DOMAIN), "samples",
			 samples_json(samples, now_sec));
}

static void overview_finish(struct api_task *task, struct runtime *runtime)
{
	json_t *overview = task->answer ? overview_json(runtime) : NULL;

	if (overview && !json_object_update(overview, task->answer)) {
		json_decref(task->answer);
		task->answer = overview;
		return;
	}
	json_decref(overview);
	refusal_set_memory(&task->refusal);
}

const struct api_command overview_command = {
	.task_bytes = sizeof(struct api_task),
	.run = overview_run,
	.finish = overview_finish,
};
