/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What about the lists of a policy an administrator may want to look at. No finding
 * is an error: each entry works as written.
 */
#ifndef CORE_LINT_H
#define CORE_LINT_H

#include "core/hazard.h"
#include "core/policy.h"

enum lint_check {
	LINT_REDUNDANT, /* takes no part: the list is the same without it */
	LINT_CONFLICT,	/* allowed and blocked: a block inside an allow, or the other way */
	LINT_UNUSED,	/* not hit for long */
	LINT_EXPIRING,	/* ends soon */
	LINT_WIDE,	/* of very many addresses */
	LINT_SPACE,	/* in a block list: space that none should have (hazard.h) */
	LINT_CHECK_COUNT,
};

/* "redundant", "conflict", … indexed by enum lint_check. */
extern const char *const lint_check_names[LINT_CHECK_COUNT];

struct lint_options {
	bool checks[LINT_CHECK_COUNT]; /* which to make */
	const struct list *list;       /* look for findings in this one alone; NULL: in all */
	size_t limit;		       /* findings kept of each check; all are counted */
	int64_t now_sec;
	int64_t unused_sec;
	int64_t expiring_sec;
	uint8_t min_len[FAMILY_COUNT]; /* a shorter prefix is wide */
	struct hazard_spaces spaces;
	int64_t counted_since_sec; /* nothing is known of hits before */
	/* When the rule was hit last; 0: not since counted_since_sec. */
	int64_t (*last_hit_sec)(const struct list *list, const struct rule *rule, void *context);
	void *context;
};

struct lint_finding {
	const struct list *list;
	const struct entry *entry;
	/* What makes it so: for redundant what covers or repeats it (NULL: an exclusion
	 * that excludes nothing), for conflict what covers it on the other side. */
	const struct list *other_list;
	const struct entry *other;
	int64_t last_hit_sec; /* unused: 0: none is known */
	struct hazard hazard; /* space: which */
};

struct lint_findings {
	struct lint_finding *items;
	size_t count;
	size_t capacity;
	size_t total; /* with those beyond the limit */
};

/* Each in the order of the lists and prefixes; conflicts of prefixes alone. */
struct lint_report {
	struct lint_findings of[LINT_CHECK_COUNT];
};

/**
 * lint_policy() - make the checks of @options
 * @policy: numbered (rules.h); findings point into it
 * @ret_report: to be freed with lint_done()
 *
 * An entry is redundant if one of its list covers it, no exclusion between them, and
 * lasts as long; or if it is excluded, or there twice. An exclusion is if no entry
 * covers it. Unused are looked for among what people list themselves: in allow lists
 * all, in block lists without files and feeds, most of which never hit.
 *
 * Return: 0 or -ENOMEM.
 */
int lint_policy(const struct policy *policy, const struct lint_options *options,
		struct lint_report *ret_report);
void lint_done(struct lint_report *report);

#endif
