/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule is a list of criteria. The one that is furthest from being met gives the score. */
#include "learn/rules.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"

/* One bad message may be an error of the filter: it never makes an address leave. */
#define BAD_FORGIVEN 1.0
#define FORGIVEN_SCORE 0.5

/* ---- traffic -------------------------------------------------------------------- */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The log and the filter tell of the same messages. */
static uint32_t good_of(const struct learn_day *day)
{
	const uint32_t accepted = day->counts[EVIDENCE_ACCEPTED];
	const uint32_t spam = day->counts[EVIDENCE_SPAM];

	return larger(day->counts[EVIDENCE_HAM], accepted > spam ? accepted - spam : 0);
}

static uint32_t bad_of(const struct learn_day *day)
{
	return larger(day->counts[EVIDENCE_SPAM], day->counts[EVIDENCE_REJECTED]) +
	       day->counts[EVIDENCE_REPORTED_SPAM];
}

static double weight_of(const struct learn_day *day, const struct learn_settings *settings,
			int64_t now_sec)
{
	const int64_t age_sec = now_sec - day->day * LEARN_DAY_SEC;

	return age_sec <= 0 ? 1 : exp2(-(double)age_sec / (double)settings->half_life_sec);
}

struct learn_traffic learn_traffic_of(const struct learn_facts *facts,
				      const struct learn_settings *settings, int64_t first_day,
				      int64_t now_sec)
{
	struct learn_traffic traffic = { 0 };

	for (size_t i = 0; i < facts->day_count; i++) {
		const struct learn_day *day = &facts->days[i];
		const double weight = weight_of(day, settings, now_sec);

		if (day->day < first_day)
			continue;
		traffic.good += weight * good_of(day);
		traffic.bad += weight * bad_of(day);
	}
	return traffic;
}

static double bad_share(const struct learn_traffic *traffic)
{
	const double all = traffic->good + traffic->bad;

	return all > 0 ? 100 * traffic->bad / all : 0;
}

double learn_quality(const struct learn_traffic *traffic, uint32_t max_spam)
{
	const double share = bad_share(traffic);
	double quality = 1;

	if (share > max_spam)
		quality = max_spam / share;
	return traffic->bad <= BAD_FORGIVEN ? fmax(quality, FORGIVEN_SCORE) : quality;
}

int64_t learn_last_message_sec(const struct learn_facts *facts)
{
	for (size_t i = facts->day_count; i > 0; i--)
		if (facts->days[i - 1].last_sec)
			return facts->days[i - 1].last_sec;
	return 0;
}

/* ---- criteria --------------------------------------------------------------------- */

/* @score: at most 1; met if it is 1. */
__attribute__((format(printf, 6, 7))) static void add_criterion(struct learn_finding *finding,
								const char *name, double have,
								double need, double score,
								const char *format, ...)
{
	struct learn_criterion *criterion = &finding->criteria[finding->criterion_count++];
	va_list arguments;

	criterion->name = name;
	criterion->have = have;
	criterion->need = need;
	criterion->is_met = score >= 1;
	va_start(arguments, format);
	vsnprintf(criterion->text, sizeof(criterion->text), format, arguments);
	va_end(arguments);
	finding->score = fmin(finding->score, score);
}

static double share_of(double have, double need)
{
	return have >= need ? 1 : have > 0 ? have / need : 0;
}

static void add_quality(struct learn_finding *finding, const struct learn_facts *facts,
			const struct learn_settings *settings, uint32_t max_spam, int64_t now_sec)
{
	const struct learn_traffic traffic = learn_traffic_of(facts, settings, INT64_MIN, now_sec);
	const double share = bad_share(&traffic);

	add_criterion(finding, "spam", share, max_spam, learn_quality(&traffic, max_spam),
		      "%.1f %% spam and rejects, at most %u %%", share, max_spam);
}

static uint32_t sum_of(const struct learn_facts *facts, enum evidence_kind kind)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < facts->day_count; i++)
		sum += facts->days[i].counts[kind];
	return sum;
}

/* ---- reply, report ---------------------------------------------------------------- */

static void judge_reply(const struct learn_facts *facts, const struct learn_settings *settings,
			int64_t now_sec, struct learn_finding *finding)
{
	const uint32_t replies = sum_of(facts, EVIDENCE_REPLY);

	add_criterion(finding, "replies", replies, settings->replies,
		      share_of(replies, settings->replies), "%u of %u %s to mail of our users",
		      replies, settings->replies, plural(settings->replies, "answer", "answers"));
	add_quality(finding, facts, settings, settings->max_spam, now_sec);
	snprintf(finding->why, sizeof(finding->why), "%u %s to mail of our users", replies,
		 plural(replies, "answer", "answers"));
}

/* The last day with evidence of @kind; 0: there is none. */
static int64_t last_day_of(const struct learn_facts *facts, enum evidence_kind kind)
{
	for (size_t i = facts->day_count; i > 0; i--)
		if (facts->days[i - 1].counts[kind])
			return facts->days[i - 1].day;
	return 0;
}

static void judge_report(const struct learn_facts *facts, const struct learn_settings *settings,
			 int64_t now_sec, struct learn_finding *finding)
{
	const uint32_t reports = sum_of(facts, EVIDENCE_REPORTED_HAM);
	const int64_t good_day = last_day_of(facts, EVIDENCE_REPORTED_HAM);
	const bool is_contradicted = last_day_of(facts, EVIDENCE_REPORTED_SPAM) >= good_day;

	add_criterion(finding, "reports", reports, settings->reports,
		      share_of(reports, settings->reports), "%u of %u %s of good mail", reports,
		      settings->reports, plural(settings->reports, "report", "reports"));
	if (reports)
		add_criterion(
		    finding, "contradiction", is_contradicted, 0, is_contradicted ? 0 : 1, "%s",
		    is_contradicted ? "spam was reported since" : "no spam was reported since");
	add_quality(finding, facts, settings, settings->max_spam, now_sec);
	snprintf(finding->why, sizeof(finding->why), "%u %s of good mail", reports,
		 plural(reports, "report", "reports"));
}

/* ---- reputation --------------------------------------------------------------------- */

/* Seconds since the end of the last day with a bad message; -1: there was none. */
static int64_t clean_sec_of(const struct learn_facts *facts, int64_t now_sec)
{
	for (size_t i = facts->day_count; i > 0; i--) {
		const int64_t end_sec = (facts->days[i - 1].day + 1) * LEARN_DAY_SEC;

		if (bad_of(&facts->days[i - 1]))
			return now_sec > end_sec ? now_sec - end_sec : 0;
	}
	return -1;
}

static int64_t age_of(const struct learn_facts *facts, int64_t now_sec)
{
	for (size_t i = 0; i < facts->day_count; i++)
		if (good_of(&facts->days[i]))
			return now_sec - facts->days[i].day * LEARN_DAY_SEC;
	return 0;
}

/* Days on which we delivered mail to the address, weighted. A stranger can make a mail server send
 * to him, so they replace at most half of the messages that are needed, and nothing else. */
static double support_of(const struct learn_facts *facts, const struct learn_settings *settings,
			 int64_t now_sec)
{
	const uint32_t most = settings->reputation.messages / 2;
	double support = 0;

	for (size_t i = 0; i < facts->day_count; i++)
		if (facts->days[i].counts[EVIDENCE_OUTBOUND])
			support += weight_of(&facts->days[i], settings, now_sec);
	return fmin(support, most);
}

static void judge_reputation(const struct learn_facts *facts, const struct learn_settings *settings,
			     int64_t now_sec, struct learn_finding *finding)
{
	const struct learn_reputation_settings *need = &settings->reputation;
	const struct learn_traffic traffic = learn_traffic_of(facts, settings, INT64_MIN, now_sec);
	const double support = support_of(facts, settings, now_sec);
	const int64_t age_sec = age_of(facts, now_sec);
	const int64_t clean_sec = clean_sec_of(facts, now_sec);
	const uint64_t good = (uint64_t)llround(traffic.good);
	const uint64_t days = (uint64_t)llround((double)age_sec / LEARN_DAY_SEC);
	const double clean_share =
	    clean_sec < 0 ? 1 : share_of((double)clean_sec, (double)need->clean_sec);

	if (support > 0)
		add_criterion(finding, "messages", traffic.good + support, need->messages,
			      share_of(traffic.good + support, need->messages),
			      "%.1f of %u, weighted: %.1f good messages, %.1f days with mail to it",
			      traffic.good + support, need->messages, traffic.good, support);
	else
		add_criterion(finding, "messages", traffic.good, need->messages,
			      share_of(traffic.good, need->messages),
			      "%.1f of %u good %s, weighted", traffic.good, need->messages,
			      plural(need->messages, "message", "messages"));
	add_criterion(finding, "age", (double)age_sec / LEARN_DAY_SEC,
		      (double)need->age_sec / LEARN_DAY_SEC,
		      share_of((double)age_sec, (double)need->age_sec),
		      "first good message %.1f of %.1f days ago", (double)age_sec / LEARN_DAY_SEC,
		      (double)need->age_sec / LEARN_DAY_SEC);
	/* It keeps an address from entering, but does not make it leave. */
	add_criterion(finding, "clean", clean_sec < 0 ? 0 : (double)clean_sec / LEARN_DAY_SEC,
		      (double)need->clean_sec / LEARN_DAY_SEC, fmax(clean_share, FORGIVEN_SCORE),
		      clean_sec < 0 ? "no spam or reject at all"
				    : "last spam or reject %.1f of %.1f days ago",
		      (double)clean_sec / LEARN_DAY_SEC, (double)need->clean_sec / LEARN_DAY_SEC);
	add_quality(finding, facts, settings, need->max_spam, now_sec);
	snprintf(finding->why, sizeof(finding->why),
		 "%" PRIu64 " good %s in %" PRIu64 " %s, %.1f %% bad", good,
		 plural(good, "message", "messages"), days, plural(days, "day", "days"),
		 bad_share(&traffic));
}

/* ---- partner ------------------------------------------------------------------------ */

const char *learn_refuse_domain(const struct learn_settings *settings, const char *domain)
{
	if (domain_list_covers(&settings->local_domains, domain))
		return "a local domain";
	if (domain_list_covers(&settings->freemail_domains, domain))
		return "a freemail domain";
	if (domain_list_covers(&settings->never_domains, domain))
		return "a domain that is never learned";
	return NULL;
}

static void add_link(struct learn_finding *finding, const struct learn_domain *domain,
		     const struct learn_facts *facts, const struct learn_settings *settings)
{
	const uint32_t need = settings->partner.authenticated_days;
	const uint32_t accepted = sum_of(facts, EVIDENCE_ACCEPTED);

	if (domain->is_server && accepted)
		add_criterion(finding, "link", 1, 1, 1,
			      "it is a mail server of the domain, and sends itself");
	else
		add_criterion(finding, "link", domain->authenticated_days, need,
			      share_of(domain->authenticated_days, need),
			      "authenticated mail of the domain on %u of %u %s",
			      domain->authenticated_days, need, plural(need, "day", "days"));
}

static void add_partner(struct learn_finding *finding, const struct learn_domain *domain,
			const struct learn_settings *settings)
{
	const struct learn_partner_settings *need = &settings->partner;
	const char *refusal = learn_refuse_domain(settings, domain->name);

	finding->domain = domain->name;
	add_criterion(finding, "domain", refusal ? 0 : 1, 1, refusal ? 0 : 1, "%.100s%s%s",
		      domain->name, refusal ? " is " : "", refusal ? refusal : "");
	add_criterion(finding, "messages", domain->messages, need->messages,
		      share_of(domain->messages, need->messages),
		      "our users sent %u of %u %s to it", domain->messages, need->messages,
		      plural(need->messages, "message", "messages"));
	add_criterion(finding, "days", domain->days, need->days, share_of(domain->days, need->days),
		      "on %u of %u %s", domain->days, need->days,
		      plural(need->days, "day", "days"));
	snprintf(finding->why, sizeof(finding->why), "%.150s: our users sent %u %s on %u %s",
		 domain->name, domain->messages, plural(domain->messages, "message", "messages"),
		 domain->days, plural(domain->days, "day", "days"));
	if (domain->host_messages) {
		const size_t bytes = strlen(finding->why);

		snprintf(finding->why + bytes, sizeof(finding->why) - bytes,
			 ", %u of them from other hosts", domain->host_messages);
	}
}

static const struct learn_finding blank = { .score = 1 };

void learn_judge_partner(const struct learn_domain *domain, const struct learn_settings *settings,
			 struct learn_finding *ret_finding)
{
	*ret_finding = blank;
	ret_finding->rule = LEARN_PARTNER;
	add_partner(ret_finding, domain, settings);
}

/* The best domain counts. */
static void judge_partner(const struct learn_facts *facts, const struct learn_settings *settings,
			  int64_t now_sec, struct learn_finding *finding)
{
	static const char none[] = "no mail of a domain, and no server of one";

	if (!facts->domain_count)
		add_criterion(finding, "domain", 0, 1, 0, "%s", none);
	for (size_t i = 0; i < facts->domain_count; i++) {
		struct learn_finding next = blank;

		next.rule = LEARN_PARTNER;
		add_partner(&next, &facts->domains[i], settings);
		add_link(&next, &facts->domains[i], facts, settings);
		add_quality(&next, facts, settings, settings->max_spam, now_sec);
		if (!i || next.score > finding->score)
			*finding = next;
	}
}

/* ---- spf ---------------------------------------------------------------------------- */

static const struct learn_domain *find_domain(const struct learn_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->domain_count; i++)
		if (!strcmp(facts->domains[i].name, name))
			return &facts->domains[i];
	return NULL;
}

/* All customers of a shared provider send from its addresses, so one counts for a partner only
 * if it has sent mail of the partner that a filter could authenticate. */
static void add_own_evidence(struct learn_finding *finding, const struct learn_cover *cover,
			     const struct learn_facts *facts, const struct learn_settings *settings)
{
	const struct learn_domain *domain = find_domain(facts, cover->domain);
	const uint32_t have = domain ? domain->authenticated_days : 0;
	const uint32_t need =
	    sum_of(facts, EVIDENCE_LISTED) ? 1 : settings->partner.authenticated_days;

	add_criterion(
	    finding, "link", have, need, share_of(have, need),
	    "a shared provider's address: authenticated mail of the domain on %u of %u %s", have,
	    need, plural(need, "day", "days"));
}

/* A block list that rejects an address of a partner is about to cost the partner's mail. */
static void judge_cover(const struct learn_cover *cover, const struct learn_facts *facts,
			const struct learn_settings *settings, int64_t now_sec,
			struct learn_finding *finding)
{
	const uint32_t listed = sum_of(facts, EVIDENCE_LISTED);
	const uint32_t good = sum_of(facts, EVIDENCE_ACCEPTED) + sum_of(facts, EVIDENCE_HAM);

	finding->domain = cover->domain;
	add_criterion(finding, "domain", 1, 1, 1, "the SPF record of %.100s lists it",
		      cover->domain);
	add_criterion(finding, "mail", listed + good, 1, listed + good ? 1 : 0,
		      "%u accepted, %u rejected by a block list", good, listed);
	if (cover->is_shared)
		add_own_evidence(finding, cover, facts, settings);
	add_quality(finding, facts, settings, settings->max_spam, now_sec);
	finding->is_urgent = listed && finding->score >= 1;
	snprintf(finding->why, sizeof(finding->why), "%.150s: its SPF record lists it%s",
		 cover->domain, listed ? ", and a block list rejected it" : "");
}

/* The best domain counts. */
static void judge_spf(const struct learn_facts *facts, const struct learn_settings *settings,
		      int64_t now_sec, struct learn_finding *finding)
{
	if (!facts->cover_count)
		add_criterion(finding, "domain", 0, 1, 0,
			      "no SPF record of a partner domain lists it");
	for (size_t i = 0; i < facts->cover_count; i++) {
		struct learn_finding next = blank;

		next.rule = LEARN_SPF;
		judge_cover(&facts->covers[i], facts, settings, now_sec, &next);
		if (!i || next.score > finding->score)
			*finding = next;
	}
}

/* ---- all of them ---------------------------------------------------------------------- */

void learn_rule_judge(enum learn_rule rule, const struct learn_facts *facts,
		      const struct learn_settings *settings, int64_t now_sec,
		      struct learn_finding *ret_finding)
{
	static void (*const judges[LEARN_RULE_COUNT])(const struct learn_facts *,
						      const struct learn_settings *, int64_t,
						      struct learn_finding *) = {
		[LEARN_REPLY] = judge_reply,
		[LEARN_PARTNER] = judge_partner,
		[LEARN_REPUTATION] = judge_reputation,
		[LEARN_REPORT] = judge_report,
		[LEARN_SPF] = judge_spf,
	};

	*ret_finding = blank;
	ret_finding->rule = rule;
	judges[rule](facts, settings, now_sec, ret_finding);
	if (*facts->hosts_text && facts->host_count) {
		const size_t bytes = strlen(ret_finding->why);

		snprintf(ret_finding->why + bytes, sizeof(ret_finding->why) - bytes,
			 "; seen on %s, too", facts->hosts_text);
	}
}

bool learn_judge(const struct learn_facts *facts, const struct learn_settings *settings,
		 int64_t now_sec, struct learn_finding *ret_finding)
{
	bool is_any = false;

	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++) {
		struct learn_finding finding;

		if (!settings->uses[rule])
			continue;
		learn_rule_judge((enum learn_rule)rule, facts, settings, now_sec, &finding);
		if (!is_any || finding.score > ret_finding->score ||
		    (finding.is_urgent && !ret_finding->is_urgent))
			*ret_finding = finding;
		is_any = true;
	}
	return is_any;
}
