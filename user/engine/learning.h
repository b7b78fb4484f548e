/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the files of learned.h: what learning keeps, and changes of what is in force. */
#ifndef ENGINE_LEARNING_H
#define ENGINE_LEARNING_H

#include <pthread.h>

#include "engine/learned.h"
#include "feeds/report.h"
#include "learn/caps.h"
#include "store/evidence.h"

struct cover;

struct learning {
	struct evidence_store *store; /* NULL: not opened yet, or learning is off */
	/* The entries of the snapshot that is to be. */
	struct entry_set *staged;
	bool is_unread; /* they are those in force, if there are any */

	/* Partner domains, by name, as in state.db. */
	struct learned *domains;
	size_t domain_count;
	bool are_domains_read;
	bool reviews_domains;	  /* the configuration has changed: all of them */
	bool have_domains_come;	  /* or gone, since the main loop was told */
	int64_t told_domains_day; /* that a limit holds */
	int64_t looked_at_domains_day;

	/* Networks of the SPF records of partners, sorted (learned_covers.c). */
	struct cover *covers;
	size_t cover_count;
	bool are_covers_old;

	bool needs_follow; /* the rows of learn.db may differ from what is in force */
	bool touches_all;  /* the configuration has changed */
	bool is_failing;   /* it was said that learn.db fails */
	struct learn_caps caps;
	int64_t told_day[LEARN_CAP_COUNT]; /* that a limit holds */
	int64_t pruned_day;
	struct prefix *own; /* addresses of this host, sorted */
	size_t own_count;
	double own_read_at_sec; /* monotonic; 0: never */

	pthread_mutex_t lock; /* for: */
	struct learning_counters counters;
};

struct learning *learning_new(void);
/* NULL is fine. */
void learning_free(struct learning *learning);

/* The settings in force. */
const struct learn_settings *learning_settings(const struct engine *engine);
/* The time that counts now. */
int64_t learning_now(const struct engine *engine);
/* Why an address is never learned, a constant, or NULL. */
const char *learning_refuse(struct engine *engine, const struct prefix *subject);

/* Have learn.db open and its rows as what is in force says. Return: 0; -ECANCELED: it cannot be
 * used, or learning is off, as @refusal says. */
int learning_ready(struct engine *engine, struct refusal *refusal);
/* Refuse because learn.db fails. Roll back first. Return: -ECANCELED. */
int learning_refuse_failed(struct engine *engine, struct refusal *refusal);

/* ---- learned_covers.c ---- */

/* Read the facts, with what other hosts of the fleet have seen and the partner domains whose SPF
 * record lists the address. Return: 0, -ENOMEM or -EIO. */
int learning_read_facts(struct engine *engine, const struct prefix *subject, int64_t until_sec,
			struct evidence_facts *ret_facts);
/* What is known of a domain, on all hosts of the fleet. Return: 0; -ENOENT: nothing; -ENOMEM or
 * -EIO. */
int learning_find_domain(struct engine *engine, const char *name, struct learn_domain *ret_domain,
			 int64_t *ret_last_day, size_t *ret_address_count);
/* Whether the SPF record of a partner lists the address. Without memory it is no. */
bool learning_is_covered(struct engine *engine, const struct prefix *subject);
/* All of these partners. @ret_covers: to be freed. Return: 0 or -ENOMEM. */
int learning_find_covers(struct engine *engine, const struct prefix *subject,
			 struct learn_cover **ret_covers, size_t *ret_count);

/* ---- learned_domains.c ---- */

/* Partner domains, sorted by name. */
struct domain_rows {
	struct learned *items;
	size_t count;
};

struct learned *domain_rows_find(const struct domain_rows *rows, const char *name);
void domain_rows_sort(struct domain_rows *rows);
/* Give @next these domains. Return: 0 or -ENOMEM. */
int domain_rows_give(const struct domain_rows *rows, struct snapshot *next);

/* Those of state.db. */
struct domain_rows learned_domain_rows(const struct engine *engine);
/* Whether the SPF record of a domain in that state is fetched. */
bool learned_domain_is_fetched(enum learn_state state);
/* Read them from state.db, once. Return: 0, -ENOMEM or -EIO. */
int learned_domains_load(struct engine *engine);
/* Give @next the domains. Return: 0 or -ENOMEM. */
int learned_domains_give(const struct engine *engine, struct snapshot *next);
/* What is known of a domain; state LEARN_NONE: nothing. */
struct learned learned_domain_find(const struct engine *engine, const char *name);
/* Why a domain is no partner, a constant; NULL: it can be one. */
const char *learned_domain_refuse(const struct engine *engine, const char *name);
void learned_domains_count(struct engine *engine);

/* ---- learned_domains_change.c ---- */

struct learned_change;

/* As learning_change(), for domains. */
int learned_domains_change(struct engine *engine, const struct deed *by,
			   struct learned_change *changes, size_t count, char **ret_held,
			   struct refusal *refusal);

/* ---- learned_domains_review.c ---- */

/* Look at the domains that our users wrote to, and at those whose time has come. */
int learned_domains_review(struct engine *engine, int64_t now_sec, struct refusal *refusal);

/* ---- learned_tell.c ---- */

/* Say what has become of an address or domain, if anything has. */
void learning_tell(const struct learned_change *change);

/* ---- learned_follow.c ---- */

/* Make the rows of learn.db follow what is in force, and count them. Return: 0, -ENOMEM or
 * -EIO. */
int learning_follow(struct engine *engine);
int learning_count_rows(struct engine *engine);

/* ---- learned_change.c ---- */

/* What becomes of an address. */
struct learned_change {
	struct learned was; /* state LEARN_NONE: it had no row */
	struct learned to;
	enum learn_notice notice;
	bool forgets; /* delete the evidence, too */
};

/**
 * learning_change() - write rows, and put in force what they say
 * @by: NULL: learning itself; then the guard may hold removals
 * @ret_held: the guard's reason, to be freed: no removal is made, and their rows stay what they
 *            were; NULL: not held
 *
 * The addresses are no longer touched. Everything is committed, or nothing is. Return: 0;
 * -ECANCELED: as @refusal says.
 */
int learning_change(struct engine *engine, const struct deed *by, struct learned_change *changes,
		    size_t count, char **ret_held, struct refusal *refusal);

/* ---- learned_source.c ---- */

/* Read the learned entries as state.db has them now. @ret_set: NULL: none. Return: 0, -ENOMEM
 * or -EIO. */
int learned_source_read_set(struct engine *engine, const struct config *config,
			    struct entry_set **ret_set);
/* Give them to the list of @next. Takes over @set. */
void learned_source_give(const struct config *config, struct policy *policy, struct entry_set *set);

extern const struct entry_source learned_source;

#endif
