/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds entries that an administrator may want to look at. No finding is an error: each entry
 * works as written.
 */
#ifndef CORE_LINT_H
#define CORE_LINT_H

#include "core/hazard.h"
#include "core/policy.h"

enum lint_check {
	LINT_REDUNDANT, /* without it, the list would decide the same */
	LINT_CONFLICT, /* allowed and blocked: a block entry inside an allow entry, or vice versa */
	LINT_UNUSED,   /* not hit for a long time */
	LINT_EXPIRING, /* expires soon */
	LINT_WIDE,     /* has very many addresses */
	LINT_SPACE,    /* block entry with a hazard (hazard.h) */
	LINT_CHECK_COUNT,
};

/* "redundant", "conflict", … indexed by enum lint_check. */
extern const char *const lint_check_names[LINT_CHECK_COUNT];

struct lint_options {
	bool checks[LINT_CHECK_COUNT]; /* which checks to make */
	const struct list *list;       /* check only this list; NULL: check all */
	size_t limit; /* how many findings of each check are kept; all are counted */
	int64_t now_sec;
	int64_t unused_sec;
	int64_t expiring_sec;
	uint8_t min_len[FAMILY_COUNT]; /* a shorter prefix is wide */
	struct hazard_spaces spaces;
	int64_t counted_since_sec; /* Unix time; earlier hits are not known */
	/* The Unix time of the rule's last hit; 0: none since counted_since_sec. */
	int64_t (*last_hit_sec)(const struct list *list, const struct rule *rule, void *context);
	void *context;
};

struct lint_finding {
	const struct list *list;
	const struct entry *entry;
	/* The other entry of the finding. Redundant: the entry or exclusion that covers or
	 * repeats this one (NULL: an exclusion that excludes nothing). Conflict: the entry of
	 * the other action that covers this one. */
	const struct list *other_list;
	const struct entry *other;
	int64_t last_hit_sec; /* for LINT_UNUSED and LINT_EXPIRING; 0: no hit is known */
	struct hazard hazard; /* for LINT_SPACE */
};

struct lint_findings {
	struct lint_finding *items;
	size_t count;
	size_t capacity;
	size_t total; /* including those beyond the limit */
};

/* Findings are ordered by list, then prefix; conflicts only by prefix. */
struct lint_report {
	struct lint_findings of[LINT_CHECK_COUNT];
};

/**
 * lint_policy() - make the checks of @options
 * @policy: numbered (rules.h); findings point into it
 * @ret_report: to be freed with lint_done()
 *
 * An entry is redundant if it is excluded or duplicated, or if another entry of its list covers
 * it, does not expire earlier, and no exclusion lies between them. An exclusion is redundant if
 * no entry covers it. Only entries that people list themselves can be unused: all entries of
 * allow lists, but no entries from files and feeds in block lists, because most of these are
 * never hit.
 *
 * Return: 0 or -ENOMEM.
 */
int lint_policy(const struct policy *policy, const struct lint_options *options,
		struct lint_report *ret_report);
void lint_done(struct lint_report *report);

#endif
