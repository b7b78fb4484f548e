/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries with their provenance, in immutable sets that policies share. */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

enum source {
	SOURCE_CONFIG,
	SOURCE_FILE,
	SOURCE_FEED,
	SOURCE_MANUAL,
	SOURCE_LEARNED,
	SOURCE_COUNT,
};

/* "config", "file", … indexed by enum source. */
extern const char *const source_names[SOURCE_COUNT];

/* One prefix in one list from one source. Strings belong to the set. */
struct entry {
	struct prefix prefix;
	bool is_exclusion;
	uint8_t source;		/* enum source */
	uint32_t line;		/* in the file named by origin, from 1; 0: none */
	const char *origin;	/* file, feed or user */
	const char *reason;	/* or NULL */
	const char *author;	/* or NULL */
	int64_t added_at_sec;	/* Unix time; 0: unknown */
	int64_t expires_at_sec; /* Unix time; 0: never */
};

/* An entry that was dropped: its source has it already. */
struct duplicate {
	struct prefix prefix;
	bool is_exclusion;
	const char *origin;  /* of both */
	uint32_t line;	     /* 0: none */
	uint32_t first_line; /* of the entry that stays */
};

/* So many of a set can be told; all are counted. */
#define DUPLICATES_KEPT 10

/* Entries sorted by prefix, then as added; none repeats another of its source and
 * origin. Reference-counted; not changed after entry_set_finish(), so threads may read
 * it together. */
struct entry_set {
	struct entry *entries;
	size_t count;
	size_t capacity;
	unsigned int references;	   /* atomic */
	size_t entry_counts[FAMILY_COUNT]; /* exclusions apart */
	int64_t first_expiry_sec;	   /* the earliest of all; 0: none expires */
	size_t duplicate_count;
	struct duplicate duplicates[DUPLICATES_KEPT]; /* the first that were found */
	struct entry_key *keys; /* room for the sort, until the set is finished */
	struct string_block *strings;
	const char *last_origin; /* consecutive equal strings are stored once */
	const char *last_author;
};

/* An empty set with one reference, or NULL: out of memory. */
struct entry_set *entry_set_new(void);

/* Copy @entry and its strings into a set that is not finished.
 * Return: 0 or -ENOMEM. */
int entry_set_add(struct entry_set *set, const struct entry *entry);

/* Sort a set that is not finished, and keep what it has twice. */
void entry_set_sort(struct entry_set *set);

/**
 * entry_set_collapse() - keep one of each entry that a source repeats
 * @set: not finished
 * @from: index of the first entry to look at; those from there on are sorted
 *
 * Entries repeat each other if prefix, source and origin are the same and both or
 * neither are exclusions. The one added first stays, with its line and reason and the
 * latest expiry of them all.
 *
 * Return: how many were dropped.
 */
size_t entry_set_collapse(struct entry_set *set, size_t from);

/* Sort and collapse the set; from now on it is immutable. */
void entry_set_finish(struct entry_set *set);

/* A finished set of what has not expired at @now_sec. NULL: out of memory. */
struct entry_set *entry_set_unexpired(const struct entry_set *set, int64_t now_sec);

/**
 * entry_set_flatten() - the same addresses by entries alone
 * @set: finished
 *
 * An entry with exclusions inside becomes the prefixes around them, with its reason
 * and the rest. Return: a finished set, or NULL: out of memory.
 */
struct entry_set *entry_set_flatten(const struct entry_set *set);

struct entry_set *entry_set_ref(struct entry_set *set);
/* Drop a reference, free the set with the last. NULL is fine. */
void entry_set_unref(struct entry_set *set);

/* Index of the first entry whose prefix is not before @prefix. */
size_t entry_set_lower_bound(const struct entry_set *set, const struct prefix *prefix);

#endif
