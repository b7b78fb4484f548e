/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules: what evidence about an address is worth. Pure. */
#ifndef LEARN_RULES_H
#define LEARN_RULES_H

#include "config/learn.h"
#include "learn/evidence.h"

#define LEARN_DAY_SEC 86400
#define LEARN_WHY_BYTES 256
#define LEARN_CRITERIA_MAX 8
#define LEARN_CRITERION_BYTES 160

/* The evidence of one address on one UTC day. */
struct learn_day {
	int64_t day; /* since 1970 */
	uint32_t counts[EVIDENCE_KIND_COUNT];
	int64_t last_sec; /* of the last accepted message or inbound session; 0: none */
};

/* A domain that an address sends for, or whose server it is. */
struct learn_domain {
	char name[EVIDENCE_DOMAIN_BYTES];
	uint32_t authenticated_days; /* on which it sent authenticated mail of the domain */
	bool is_server;		     /* our mail for the domain is delivered to it */
	int64_t last_day;	     /* with authenticated mail; 0: none */
	uint64_t recent;	     /* bit n: there was some n days before last_day, below 60 */
	/* What our users delivered to the domain within the window. */
	uint32_t messages;
	uint32_t days;
	uint32_t users;		/* of this host */
	uint32_t host_messages; /* of these, by users of other hosts */
};

/* Evidence of other hosts of the fleet, which the facts include. */
#define LEARN_HOST_BYTES 128
#define LEARN_HOSTS_BYTES 96
struct learn_host {
	char name[LEARN_HOST_BYTES];
	uint32_t day_count;
	uint32_t counts[EVIDENCE_KIND_COUNT]; /* of its days */
};

/* A partner domain whose SPF record lists an address. */
struct learn_cover {
	char domain[EVIDENCE_DOMAIN_BYTES];
	bool is_shared; /* the address is one of a shared provider that the record includes */
};

/* All that is known about one address. */
struct learn_facts {
	const struct learn_day *days; /* ascending */
	size_t day_count;
	const struct learn_domain *domains;
	size_t domain_count;
	const struct learn_cover *covers;
	size_t cover_count;
	const struct learn_host *hosts;
	size_t host_count;
	char hosts_text[LEARN_HOSTS_BYTES]; /* their names: "mx2, mx3"; "": there is none */
	uint32_t complaints;		    /* of different people within the last day */
	char name[EVIDENCE_DOMAIN_BYTES];   /* its last verified reverse name, or "" */
};

/* One condition of a rule. */
struct learn_criterion {
	const char *name; /* "messages", "days", "age", …: a constant */
	double have;
	double need;
	bool is_met;
	char text[LEARN_CRITERION_BYTES]; /* for people: "4 of 10 messages" */
};

struct learn_finding {
	enum learn_rule rule;
	/* 1: met. Below 1: the share of the condition that is furthest from being met. */
	double score;
	struct learn_criterion criteria[LEARN_CRITERIA_MAX];
	size_t criterion_count;
	bool is_urgent;	    /* mail of the address is being lost: it does not wait */
	const char *domain; /* in the facts, or NULL */
	char why[LEARN_WHY_BYTES];
};

/* What one rule says. */
void learn_rule_judge(enum learn_rule rule, const struct learn_facts *facts,
		      const struct learn_settings *settings, int64_t now_sec,
		      struct learn_finding *ret_finding);

/* The finding of the rule with the highest score among those in use; of equal ones the first.
 * Return: false: none is in use. */
bool learn_judge(const struct learn_facts *facts, const struct learn_settings *settings,
		 int64_t now_sec, struct learn_finding *ret_finding);

/* The last accepted message or inbound session; 0: none. */
int64_t learn_last_message_sec(const struct learn_facts *facts);

/* The weighted messages of an address: of good ones, and of spam and rejects. */
struct learn_traffic {
	double good;
	double bad;
};

/* Of the days from @first_day on; INT64_MIN: of all. */
struct learn_traffic learn_traffic_of(const struct learn_facts *facts,
				      const struct learn_settings *settings, int64_t first_day,
				      int64_t now_sec);

/* 1: at most @max_spam percent are bad. 0.5: twice as many are. */
double learn_quality(const struct learn_traffic *traffic, uint32_t max_spam);

/* What our mail to a domain says: whether it is a partner. */
void learn_judge_partner(const struct learn_domain *domain, const struct learn_settings *settings,
			 struct learn_finding *ret_finding);

/* Why mail for a domain makes no partner ("a freemail domain"), a constant; NULL: it can. */
const char *learn_refuse_domain(const struct learn_settings *settings, const char *domain);

#endif
