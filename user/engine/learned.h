/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Learning: notes evidence, judges it, and keeps the learned entries.
 *
 * Unless stated otherwise, the functions are for the worker, as those of engine.h. If the
 * configuration has no `learn:`, they refuse with OUTCOME_CONFLICT.
 */
#ifndef ENGINE_LEARNED_H
#define ENGINE_LEARNED_H

#include "core/session.h"
#include "engine/engine.h"
#include "feeds/report.h"
#include "learn/life.h"

struct learning;

/* ---- evidence ----------------------------------------------------------------- */

/* Names a reader of a log: "postfix-file /var/log/mail.log". Without the zero. */
#define LEARN_READER_MAX 255
/* Longest text of a position. */
#define LEARN_POSITION_MAX 1023

struct evidence_batch {
	const struct evidence *items;
	size_t count;
	/* The reader's place after these items, stored in the same transaction. NULL: the
	 * producer has none. The text is the producer's own. */
	const char *reader;
	const char *position;
};

struct evidence_noted {
	size_t noted_count;
	size_t dropped_count;
};

/* Largest batch; the best size is some ten thousand items. */
#define EVIDENCE_BATCH_MAX 65536

/* Note evidence. All of the batch and its position are on the disk when this returns, or
 * nothing is. Return: 0; -ECANCELED: nothing has changed, and @refusal says why. */
int engine_note_evidence(struct engine *engine, const struct evidence_batch *batch,
			 struct evidence_noted *ret_noted, struct refusal *refusal);

/* Note complete sessions that the kernel has counted: outbound ones, and inbound ones of addresses
 * that have a state. Return: as above. */
int engine_note_sessions(struct engine *engine, const struct session_news *news, size_t count,
			 struct evidence_noted *ret_noted, struct refusal *refusal);

/* Where a reader stopped. @ret_position: to be freed; NULL: it has not read anything.
 * Return: as above. */
int engine_evidence_position(struct engine *engine, const char *reader, char **ret_position,
			     struct refusal *refusal);

/* ---- the review --------------------------------------------------------------- */

/* Look at the addresses with new evidence and at those whose time has come, and change what
 * is in force. It looks at some thousands at a time. Return: whether that is all. */
bool engine_review_learned(struct engine *engine);

/* ---- the administrator -------------------------------------------------------- */

enum learn_deed {
	LEARN_ACCEPT, /* put in force now */
	LEARN_REJECT, /* take out of force, and bar */
	LEARN_FORGET, /* take out of force, and delete all evidence and the bar */
	LEARN_DEED_COUNT,
};

/* "accept", "reject", "forget". */
extern const char *const learn_deed_names[LEARN_DEED_COUNT];

struct learn_changed {
	size_t changed_count;
	struct lines unchanged; /* subjects, and why; to be freed */
};

/* @subjects: addresses, or the prefixes that engine_learned_page() gives. All are changed by
 * one commit and one switch. Return: 0; -ECANCELED: nothing has changed, and @refusal says
 * why. */
int engine_learn(struct engine *engine, const struct deed *by, enum learn_deed deed,
		 const struct prefix *subjects, size_t count, struct learn_changed *ret_changed,
		 struct refusal *refusal);

/* The same for partner domains, whose SPF records are then in force or barred. @domains: in lower
 * case. */
int engine_learn_domains(struct engine *engine, const struct deed *by, enum learn_deed deed,
			 char *const *domains, size_t count, struct learn_changed *ret_changed,
			 struct refusal *refusal);

/* Whether learned domains have come, gone or changed since the last call. @ret_reports: then, of
 * all domains; for feed_reports_done(). */
bool engine_take_domains(struct engine *engine, struct feed_reports *ret_reports);

/* ---- queries ------------------------------------------------------------------ */

#define LEARN_PAGE_MAX 1000

struct learned_query {
	enum learn_state state; /* LEARN_NONE: all */
	size_t limit;		/* 1 to LEARN_PAGE_MAX */
	bool has_after;
	struct prefix after; /* the last prefix of the page before */
};

struct learned_page {
	struct learned *items; /* by prefix */
	size_t count;
	bool has_more; /* the last prefix is the next cursor */
	char *list;    /* that receives the entries */
};

int engine_learned_page(struct engine *engine, const struct learned_query *query,
			struct learned_page *ret_page, struct refusal *refusal);
void learned_page_done(struct learned_page *page);

struct learn_partner {
	char domain[EVIDENCE_DOMAIN_BYTES];
	uint32_t messages;	/* within the window */
	uint32_t host_messages; /* of these, on other hosts of the fleet */
	uint32_t days;
	uint32_t users;
	int64_t last_day;	/* since 1970 */
	bool is_partner;	/* enough of them */
	const char *never;	/* a constant: why it cannot be one; NULL: it can */
	size_t address_count;	/* that send for it, or are its servers */
	struct learned learned; /* of its SPF record; state LEARN_NONE: it is not learned */
	size_t entry_count;	/* that the SPF record has, in force or not */
};

struct partner_query {
	size_t limit;
	const char *after; /* the last domain of the page before, or NULL */
};

struct partner_page {
	struct learn_partner *items; /* by domain */
	size_t count;
	bool has_more;
};

/* The partner domains in a state, by name, without their prefix. The result is for
 * learned_page_done(). */
int engine_learned_domains(struct engine *engine, enum learn_state state, size_t limit,
			   struct learned_page *ret_page, struct refusal *refusal);

int engine_learn_partners(struct engine *engine, const struct partner_query *query,
			  struct partner_page *ret_page, struct refusal *refusal);
void partner_page_done(struct partner_page *page);

/* An address that sends for a domain, or is its server. */
struct learn_link {
	struct prefix prefix;
	uint32_t authenticated_days;
	bool is_server;
	enum learn_state state;
};

struct learn_explanation {
	/* Of an address. */
	bool is_address;
	struct prefix prefix;	/* /32 or /64, that stands for the address */
	struct learned learned; /* state LEARN_NONE: not learned */
	const char *never;	/* a constant: why it is never learned; NULL: it can be */
	struct learn_day *days; /* ascending */
	size_t day_count;
	struct learn_domain *domains;
	size_t domain_count;
	struct learn_cover *covers;
	size_t cover_count;
	struct learn_host *hosts; /* of the fleet: what they have seen is in the days, too */
	size_t host_count;
	uint32_t complaints;
	char name[EVIDENCE_DOMAIN_BYTES];
	struct learn_finding findings[LEARN_RULE_COUNT]; /* `domain` is in domains or covers */
	bool uses[LEARN_RULE_COUNT];
	/* Of a domain. */
	struct learn_partner partner;
	struct learn_link *links; /* by prefix */
	size_t link_count;
};

/* Explain an address (@domain is NULL) or a domain. */
int engine_explain_address(struct engine *engine, const struct prefix *address,
			   struct learn_explanation *ret_explanation, struct refusal *refusal);
int engine_explain_domain(struct engine *engine, const char *domain,
			  struct learn_explanation *ret_explanation, struct refusal *refusal);
void learn_explanation_done(struct learn_explanation *explanation);

/* What the rules would have listed if they had been in use since then, in mode auto. */
struct simulated_entry {
	struct prefix prefix;
	enum learn_rule rule;
	int64_t candidate_sec; /* when a rule was met */
	int64_t active_sec;    /* when it would have been in force; 0: not yet */
	int64_t removed_sec;   /* when it would have been removed; 0: it would not */
	uint32_t spam_after;   /* messages of spam and complaints while in force */
	uint32_t messages_after;
};

struct learn_simulation {
	struct simulated_entry *items; /* by prefix */
	size_t count;
	size_t active_count;
	size_t spam_count;    /* entries that sent spam while in force */
	size_t address_count; /* looked at */
	bool is_truncated;    /* more than LEARN_SIMULATED_MAX, or it took too long */
};

#define LEARN_SIMULATED_MAX 10000

int engine_simulate_learning(struct engine *engine, int64_t since_sec,
			     struct learn_simulation *ret_simulation, struct refusal *refusal);
void learn_simulation_done(struct learn_simulation *simulation);

/* ---- counters, for any thread ---------------------------------------------------- */

struct learning_counters {
	uint64_t evidence[EVIDENCE_SOURCE_COUNT][EVIDENCE_KIND_COUNT];
	uint64_t dropped[EVIDENCE_SOURCE_COUNT][EVIDENCE_DROP_COUNT];
	uint64_t removals[LEARN_CAUSE_COUNT];
	uint64_t entries[LEARN_STATE_COUNT][LEARN_RULE_COUNT]; /* now */
	int64_t last_evidence_sec[EVIDENCE_SOURCE_COUNT];      /* 0: none since the start */
	uint64_t domains[LEARN_STATE_COUNT];		       /* partner domains now */
	uint64_t held;	 /* transitions that a limit holds now */
	bool is_failing; /* learn.db cannot be used */
};

/* The engine's learning, as part of engine_view(); never NULL. */
void learning_read_counters(struct learning *learning, struct learning_counters *ret_counters);
/* For producers: evidence that never reached the engine. */
void learning_count_dropped(struct learning *learning, enum evidence_source source,
			    enum evidence_drop drop, uint64_t count);

/* For the worker: what is wrong with learn.db, or NULL. */
const char *engine_learning_error(const struct engine *engine);

#endif
