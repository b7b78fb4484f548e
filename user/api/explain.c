/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/explain: the evidence about an address or a domain, day by day, and what the rules make
 * of it. */
#include "engine/learned.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/learn_json.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/sessions.h"
#include "http/http.h"
#include "learn/evidence_line.h"

struct explain_task {
	struct api_task task;
	char *subject;
	bool is_address;
	struct prefix address;
};

/* ---- the request ------------------------------------------------------------ */

static int explain_read(struct api_task *base, struct runtime *runtime,
			struct evhttp_request *request)
{
	struct explain_task *task = (struct explain_task *)base;
	const struct argument arguments[] = {
		{ .name = "subject",
		  .is_needed = true,
		  .ret_text = &task->subject,
		  .bytes_max = EVIDENCE_DOMAIN_BYTES - 1 },
	};

	(void)runtime;
	if (arguments_read_query(request, arguments, 1))
		return -EINVAL;
	task->is_address =
	    prefix_parse(task->subject, strlen(task->subject), &task->address, NULL) == PREFIX_OK;
	if (task->is_address)
		return 0;
	for (char *c = task->subject; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (evidence_is_domain(task->subject))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "\"%s\" is neither an address nor a domain",
			  task->subject);
	return -EINVAL;
}

/* ---- an address ------------------------------------------------------------- */

/* A day, with the kinds of evidence that it has. */
static json_t *explain_day_json(const struct learn_day *day)
{
	json_t *json = json_pack("{s:o}", "day", day_json(day->day));

	for (int kind = 0; json && kind < EVIDENCE_KIND_COUNT; kind++) {
		if (day->counts[kind])
			json_object_set_new(json, evidence_kind_names[kind],
					    json_integer(day->counts[kind]));
	}
	return json;
}

static json_t *explain_domain_json(const struct learn_domain *domain)
{
	return json_pack("{s:s,s:I,s:b,s:I,s:I,s:I,s:I}", "domain", domain->name,
			 "authenticated_days", (json_int_t)domain->authenticated_days, "server",
			 domain->is_server, "messages", (json_int_t)domain->messages, "days",
			 (json_int_t)domain->days, "users", (json_int_t)domain->users,
			 "host_messages", (json_int_t)domain->host_messages);
}

/* What another host of the fleet has seen, as part of the days. */
static json_t *explain_host_json(const struct learn_host *host)
{
	json_t *json =
	    json_pack("{s:s,s:I}", "host", host->name, "days", (json_int_t)host->day_count);

	for (int kind = 0; json && kind < EVIDENCE_KIND_COUNT; kind++) {
		if (host->counts[kind])
			json_object_set_new(json, evidence_kind_names[kind],
					    json_integer(host->counts[kind]));
	}
	return json;
}

/* A partner domain whose SPF record lists the address. */
static json_t *explain_cover_json(const struct learn_cover *cover)
{
	return json_pack("{s:s,s:b}", "domain", cover->domain, "shared", cover->is_shared);
}

static json_t *explain_rule_json(const struct learn_finding *finding, bool is_used)
{
	json_t *criteria = json_array();

	for (size_t i = 0; i < finding->criterion_count; i++) {
		const struct learn_criterion *criterion = &finding->criteria[i];

		json_array_append_new(
		    criteria, json_pack("{s:s,s:f,s:f,s:b,s:o}", "name", criterion->name, "have",
					criterion->have, "need", criterion->need, "met",
					criterion->is_met, "text", json_text(criterion->text)));
	}
	return json_pack("{s:s,s:b,s:b,s:f,s:s?,s:o,s:o}", "rule", learn_rule_names[finding->rule],
			 "used", is_used, "met", finding->score >= 1, "score", finding->score,
			 "domain", finding->domain, "why", json_text_or_null(finding->why),
			 "criteria", criteria);
}

static json_t *explain_address_json(const struct learn_explanation *explanation, const char *list)
{
	const struct learned *learned = &explanation->learned;
	json_t *days = json_array(), *domains = json_array(), *rules = json_array();
	json_t *covers = json_array(), *hosts = json_array();
	char prefix[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < explanation->day_count; i++)
		json_array_append_new(days, explain_day_json(&explanation->days[i]));
	for (size_t i = 0; i < explanation->domain_count; i++)
		json_array_append_new(domains, explain_domain_json(&explanation->domains[i]));
	for (size_t i = 0; i < explanation->cover_count; i++)
		json_array_append_new(covers, explain_cover_json(&explanation->covers[i]));
	for (size_t i = 0; i < explanation->host_count; i++)
		json_array_append_new(hosts, explain_host_json(&explanation->hosts[i]));
	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
		json_array_append_new(rules, explain_rule_json(&explanation->findings[rule],
							       explanation->uses[rule]));
	return json_pack("{s:s,s:s,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "kind", "address",
			 "prefix", prefix_format(&explanation->prefix, prefix), "learned",
			 learned->state == LEARN_NONE ? json_null() : learned_json(learned, list),
			 "never", json_text(explanation->never), "complaints",
			 (json_int_t)explanation->complaints, "name",
			 json_text_or_null(explanation->name), "days", days, "domains", domains,
			 "hosts", hosts, "spf", covers, "rules", rules);
}

/* ---- a domain --------------------------------------------------------------- */

static json_t *explain_partner_json(const struct learn_explanation *explanation)
{
	json_t *addresses = json_array();

	for (size_t i = 0; i < explanation->link_count; i++) {
		const struct learn_link *link = &explanation->links[i];
		char prefix[PREFIX_TEXT_BYTES];

		json_array_append_new(
		    addresses,
		    json_pack("{s:s,s:I,s:b,s:s}", "prefix", prefix_format(&link->prefix, prefix),
			      "authenticated_days", (json_int_t)link->authenticated_days, "server",
			      link->is_server, "state", learn_state_names[link->state]));
	}
	return json_pack("{s:s,s:o,s:o}", "kind", "domain", "partner",
			 partner_json(&explanation->partner), "addresses", addresses);
}

static void explain_run(struct api_task *base, struct engine *engine)
{
	const struct explain_task *task = (const struct explain_task *)base;
	struct learn_explanation explanation;

	if (task->is_address) {
		if (engine_explain_address(engine, &task->address, &explanation, &base->refusal))
			return;
		base->answer =
		    explain_address_json(&explanation, engine_snapshot(engine)->config->learn.list);
	} else {
		if (engine_explain_domain(engine, task->subject, &explanation, &base->refusal))
			return;
		base->answer = explain_partner_json(&explanation);
	}
	json_object_set_new(base->answer, "subject", json_text(task->subject));
	learn_explanation_done(&explanation);
}

/* The kernel's counts are the main loop's. */
static void explain_finish(struct api_task *base, struct runtime *runtime)
{
	const struct explain_task *task = (const struct explain_task *)base;

	if (task->is_address && base->answer)
		json_object_set_new(base->answer, "sessions",
				    session_record_json(runtime, &task->address));
}

static void explain_free(struct api_task *base)
{
	free(((struct explain_task *)base)->subject);
}

const struct api_command explain_command = {
	.task_bytes = sizeof(struct explain_task),
	.read = explain_read,
	.run = explain_run,
	.finish = explain_finish,
	.free = explain_free,
};
