/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life cycle of a learned address:
 *
 *   candidate -> probation -> active -> at risk -> removed (barred) -> forgotten
 *
 * Pure: time is a parameter. It is the learning time, which stands still while no evidence
 * arrives (see learn_clock()). So a log that is not read ages nobody.
 */
#ifndef LEARN_LIFE_H
#define LEARN_LIFE_H

#include "learn/rules.h"

enum learn_state {
	LEARN_NONE,	 /* not learned */
	LEARN_CANDIDATE, /* a rule is met */
	LEARN_PROBATION, /* observed, but not in force */
	LEARN_ACTIVE,	 /* in force */
	LEARN_AT_RISK,	 /* in force, but no rule is met any more */
	LEARN_REMOVED,	 /* barred for a while */
	LEARN_STATE_COUNT,
};

/* "none", "candidate", "probation", "active", "at_risk", "removed". */
extern const char *const learn_state_names[LEARN_STATE_COUNT];

/* Why a state was entered. */
enum learn_cause {
	LEARN_BY_RULE,	     /* a rule is met */
	LEARN_BY_TIME,	     /* probation is over */
	LEARN_BY_PERSON,     /* accepted or rejected by an administrator */
	LEARN_BY_SCORE,	     /* no rule is met any more */
	LEARN_BY_IDLENESS,   /* no message for a long time */
	LEARN_BY_COMPLAINTS, /* of several people within a day */
	LEARN_BY_NAME,	     /* the reverse name is of another organisation */
	LEARN_BY_NEVER,	     /* it must not be learned */
	LEARN_BY_RECOVERY,   /* what was known of it is lost, and the entry in force is kept */
	LEARN_CAUSE_COUNT,
};

/* "rule", "time", "person", "score", "idle", "complaints", "reverse-name", "never",
 * "recovery". */
extern const char *const learn_cause_names[LEARN_CAUSE_COUNT];

/* What is known of a learned address, or of a partner domain, whose `domain` is its name. */
struct learned {
	struct prefix prefix; /* /32 or /64 */
	enum learn_state state;
	enum learn_rule rule;
	enum learn_cause cause;
	bool is_rejected;			  /* by an administrator: a longer bar */
	bool is_noticed;			  /* the notice before the removal was given */
	bool is_held;				  /* a limit holds the next transition */
	double score;				  /* 1: enough to enter */
	int64_t since_sec;			  /* in this state */
	int64_t added_sec;			  /* in force; 0: it is not */
	int64_t next_sec;			  /* when the state ends; 0: that is open */
	char domain[EVIDENCE_DOMAIN_BYTES];	  /* for which it sends, or "" */
	char organisation[EVIDENCE_DOMAIN_BYTES]; /* of its reverse name, or "" */
	char why[LEARN_WHY_BYTES];		  /* the explanation */
};

/* Whether this is a domain, and no address. */
bool learned_is_domain(const struct learned *learned);

/* Whether entries of this state are in force. */
bool learn_state_is_in_force(enum learn_state state);

/* The state that follows @state, or LEARN_NONE. */
enum learn_state learn_next_state(enum learn_state state);

/* The time that counts: @now_sec, or a day after the newest evidence if that is earlier. */
int64_t learn_clock(int64_t now_sec, int64_t newest_evidence_sec);

/* What happens to an address now. */
enum learn_notice {
	LEARN_NO_NOTICE,
	LEARN_NOTICE_AT_RISK,
	LEARN_NOTICE_REMOVAL,
	LEARN_NOTICE_NAME, /* it has a name of another organisation, and stays in force */
};

struct learn_step {
	struct learned to; /* state LEARN_NONE: forget it */
	bool is_changed;   /* the state or anything that is stored */
	enum learn_notice notice;
};

/**
 * learn_step() - decide what becomes of an address
 * @was: what is known; state LEARN_NONE if nothing is, and `prefix` in any case
 * @facts: the evidence
 * @never: why it must not be learned, or NULL
 */
void learn_step(const struct learned *was, const struct learn_facts *facts,
		const struct learn_settings *settings, const char *never, int64_t now_sec,
		struct learn_step *ret_step);

/**
 * learn_step_domain() - decide what becomes of a partner domain
 * @was: what is known; `domain` in any case
 * @domain: what our users sent to it
 * @last_sent_sec: when they last did; 0: unknown
 * @never: why it must not be a partner, or NULL
 *
 * The life cycle is that of an address. It is renewed by mail that our users send to it.
 */
void learn_step_domain(const struct learned *was, const struct learn_domain *domain,
		       int64_t last_sent_sec, const struct learn_settings *settings,
		       const char *never, int64_t now_sec, struct learn_step *ret_step);

/* Whether the step takes an address out of force because of its reverse name. */
bool learn_step_is_by_name(const struct learned *was, const struct learn_step *step);
/* Let it stay in force, because it is protected: only a notice is given. */
void learn_step_spare(const struct learned *was, struct learn_step *step);

/* When an address must be looked at though nothing new is known. What is held waits for the
 * next day. */
int64_t learn_due_sec(const struct learned *learned, const struct learn_settings *settings,
		      int64_t now_sec);

/* What an administrator's word makes of it: in force, or barred. */
void learn_accept(struct learned *learned, const struct learn_settings *settings, int64_t now_sec);
void learn_reject(struct learned *learned, const struct learn_settings *settings, int64_t now_sec);

#endif
