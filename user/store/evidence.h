/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence on disk: state_dir/learn.db. It grows with traffic, so it has a database of its own:
 * nothing that happens to it may affect state.db, on which enforcement depends.
 *
 * Evidence is summed up by address and UTC day. No text of a message and no person is stored:
 * a person is a hash with a key that exists only here. Only one thread at a time may use it.
 *
 * Unless stated otherwise, functions return 0 or -EIO: what was open is rolled back, and
 * evidence_error() says why.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "learn/rules.h"

struct evidence_store;

/**
 * evidence_open() - open the database of a directory, or create one
 * @ret_store: even if the database cannot be used; then each call tries to open it again
 * @ret_lost: set if a corrupt database was renamed: what happened, to be freed; else NULL
 *
 * Return: 0 or -ENOMEM.
 */
int evidence_open(const char *state_dir, struct evidence_store **ret_store, char **ret_lost);
/* NULL is fine. */
void evidence_close(struct evidence_store *store);

/* Open the database if that failed before, or replace one that turned out to be corrupt. Call
 * it outside of a transaction. @ret_lost: as above. */
int evidence_ready(struct evidence_store *store, char **ret_lost);
/* What is wrong with the database at present, or NULL. */
const char *evidence_error(const struct evidence_store *store);

/* Commit what was written since the last commit. */
int evidence_commit(struct evidence_store *store);
void evidence_rollback(struct evidence_store *store);

/* The time of the newest evidence; 0: there is none. */
int64_t evidence_newest_sec(const struct evidence_store *store);
/* A number that no other database has, at most INT64_MAX. It tells nothing of the key. */
uint64_t evidence_number(const struct evidence_store *store);
/* The number of rows by address and day. */
uint64_t evidence_row_count(const struct evidence_store *store);

/* ---- write ------------------------------------------------------------------------ */

struct evidence_limits {
	uint32_t max_rows;	  /* by address and day */
	uint32_t max_new_domains; /* of one user on one day */
	int64_t oldest_day;	  /* of what is kept */
};

/* An item that the caller has checked. */
struct evidence_item {
	const struct evidence *evidence;
	struct prefix subject; /* what stands for the address, if it has one that counts */
	bool has_subject;
	bool makes_partner; /* the domain of mail sent can be a partner */
	bool is_covered;    /* an SPF record of a partner lists the address: it is reviewed */
	/* Set by evidence_note(): why it was not noted; EVIDENCE_DROP_COUNT: it was. */
	enum evidence_drop drop;
};

struct evidence_noting {
	size_t capped_user_count; /* users who exceeded the limit of new domains just now */
};

/* Note evidence in the open transaction, or begin one. The order of @items changes. Return: 0,
 * -ENOMEM (rolled back) or -EIO. */
int evidence_note(struct evidence_store *store, struct evidence_item *items, size_t count,
		  const struct evidence_limits *limits, struct evidence_noting *ret_noting);

/* Where a reader stopped: written with the evidence, in the open transaction or a new one. */
int evidence_set_position(struct evidence_store *store, const char *reader, const char *position);
/* @ret_position: to be freed; NULL: the reader is unknown. Return: 0, -ENOMEM or -EIO. */
int evidence_position(struct evidence_store *store, const char *reader, char **ret_position);

/* Delete what is older than @oldest_day, and what is of no use any more. Commits. */
int evidence_prune(struct evidence_store *store, int64_t oldest_day, int64_t now_sec);

/* Delete all evidence of an address. */
int evidence_forget(struct evidence_store *store, const struct prefix *subject);

/* ---- read ------------------------------------------------------------------------- */

/* The facts, with storage of their own. */
struct evidence_facts {
	struct learn_facts facts;
	struct learn_day *days;
	struct learn_domain *domains;
	/* The caller's: not from the database. */
	struct learn_cover *covers;
	struct learn_host *hosts;
};

/* All that is known of an address. @until_sec: as of then. @window_sec: in which mail to a
 * domain counts. Return: 0, -ENOMEM or -EIO. */
int evidence_read_facts(struct evidence_store *store, const struct prefix *subject,
			int64_t window_sec, int64_t until_sec, struct evidence_facts *ret_facts);
void evidence_facts_done(struct evidence_facts *facts);

/* ---- what is to be reviewed -------------------------------------------------------- */

/* Addresses with new evidence that can matter. @ret_subjects: room for @max. */
int evidence_read_touched(struct evidence_store *store, size_t max, struct prefix *ret_subjects,
			  size_t *ret_count);
int evidence_clear_touched(struct evidence_store *store, const struct prefix *subject);
/* Have an address, or all that have a row in learned_rows.h, reviewed. */
int evidence_touch(struct evidence_store *store, const struct prefix *subject);
int evidence_touch_learned(struct evidence_store *store);
/* Domains that can be partners and to which mail was sent since evidence_touch_domains(). Return:
 * 0; a value of @visit that is not 0; -EIO. */
int evidence_walk_touched_domains(struct evidence_store *store,
				  int (*visit)(const char *name, void *context), void *context);
/* Have a domain reviewed, also if nothing is known of it here. */
int evidence_touch_domain(struct evidence_store *store, const char *name);
/* The messages sent to a domain, by day, newest first. Return: 0; a value of @visit that is not 0;
 * -EIO. */
int evidence_walk_sent(struct evidence_store *store, const char *name, int64_t first_day,
		       int64_t last_day,
		       int (*visit)(int64_t day, uint32_t messages, void *context), void *context);
/* Touch the addresses of these domains. */
int evidence_touch_domains(struct evidence_store *store);

/* ---- domains and addresses, for queries --------------------------------------------- */

/* Domains that mail was sent to from @first_day on, by name, after @after (or NULL). Return: 0;
 * a value of @visit that is not 0; -EIO. */
int evidence_walk_domains(struct evidence_store *store, int64_t first_day, const char *after,
			  int (*visit)(const struct learn_domain *domain, int64_t last_day,
				       size_t address_count, void *context),
			  void *context);

/* One of them; -ENOENT: nothing is known of it. */
int evidence_find_domain(struct evidence_store *store, const char *name, int64_t first_day,
			 struct learn_domain *ret_domain, int64_t *ret_last_day,
			 size_t *ret_address_count);

/* The addresses of a domain, by prefix. */
int evidence_walk_links(struct evidence_store *store, const char *domain,
			int (*visit)(const struct prefix *subject, uint32_t authenticated_days,
				     bool is_server, void *context),
			void *context);

/* Addresses with good evidence since @first_day, by prefix. */
int evidence_walk_good(struct evidence_store *store, int64_t first_day,
		       int (*visit)(const struct prefix *subject, void *context), void *context);

#endif
