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
	SOURCE_DOMAIN, /* the addresses of a domain */
	SOURCE_MANUAL,
	SOURCE_LEARNED,
	SOURCE_RESCUE, /* a DNS allow list knows it; for a while */
	SOURCE_FLEET,  /* another host lists it */
	SOURCE_COUNT,
};

/* "config", "file", … indexed by enum source. */
extern const char *const source_names[SOURCE_COUNT];

/* What many entries have in common. */
struct provenance {
	const char *origin;	/* file, feed, domain, zone, host or user */
	const char *author;	/* or NULL */
	int64_t added_at_sec;	/* Unix time; 0: unknown */
	int64_t expires_at_sec; /* Unix time; 0: never */
};

/* One prefix in one list from one source. Strings and provenances belong to the set. */
struct entry {
	struct prefix prefix;
	bool is_exclusion;
	uint8_t source;			/* enum source */
	uint32_t line;			/* line in the file `about->origin`, from 1; 0: none */
	const char *reason;		/* or NULL */
	const struct provenance *about; /* in a set never NULL; entries may share it */
};

/* An entry that was dropped because its source already has it. */
struct duplicate {
	struct prefix prefix;
	bool is_exclusion;
	const char *origin;  /* shared by both entries */
	uint32_t line;	     /* 0: none */
	uint32_t first_line; /* line of the entry that is kept */
};

/* A set records this many duplicates, but counts all of them. */
#define DUPLICATES_KEPT 10

/* Entries sorted by prefix, then in the order in which they were added. No entry repeats
 * another of the same source and origin. Sets are reference-counted. They do not change after
 * entry_set_finish(), so several threads may read one. */
struct entry_set {
	struct entry *entries;
	size_t count;
	size_t capacity;
	size_t collapsed_count;	 /* so many of the first entries are sorted, and no two repeat */
	unsigned int references; /* atomic */
	size_t entry_counts[FAMILY_COUNT]; /* without exclusions */
	int64_t first_expiry_sec;	   /* the earliest expiry of all; 0: none expires */
	size_t duplicate_count;
	struct duplicate duplicates[DUPLICATES_KEPT]; /* the first ones found */
	struct entry_key *keys; /* memory for the sort; NULL once the set is finished */
	struct string_block *strings;
	const struct provenance *last_about; /* consecutive equal ones are stored once … */
	const char *last_origin;	     /* … and equal strings */
	const char *last_author;
};

/* Create an empty set with one reference. NULL: out of memory. */
struct entry_set *entry_set_new(void);

/* Add a copy of @entry, its strings and its provenance (NULL: nothing is known) to an unfinished
 * set. Return: 0 or -ENOMEM. */
int entry_set_add(struct entry_set *set, const struct entry *entry);

/* Sort an unfinished set. Duplicates are kept. */
void entry_set_sort(struct entry_set *set);

/* The lines where entries of a list are now. */
struct entry_lines {
	const char *origin; /* of the list */
	const uint32_t *of; /* by former line; 0: nowhere */
	size_t count;	    /* the last former line */
};

/**
 * entry_set_merge() - add entries of a former set, which may be on other lines now
 * @set: not finished
 * @from: index of the first entry to sort; entries before it do not change. The others were added
 *        line by line
 * @former: finished
 * @merged_count: how many entries of @former are added
 *
 * The entries from @from on are sorted by prefix, then by line. Duplicates are kept. After an
 * error, the set must not be used. Return: 0; -ENOMEM; -EINVAL: @merged_count is wrong.
 */
int entry_set_merge(struct entry_set *set, size_t from, const struct entry_set *former,
		    const struct entry_lines *lines, size_t merged_count);

/**
 * entry_set_collapse() - sort entries, and keep one of each that a source repeats
 * @set: not finished
 * @from: index of the first entry to look at; entries before it do not change
 *
 * Entries repeat each other if they have the same prefix, source and origin, and both or
 * neither are exclusions. The first one added is kept, with its line and reason. It gets the
 * latest expiry of all of them, and if memory is out, all of the provenance that has it.
 *
 * Return: the number of dropped entries.
 */
size_t entry_set_collapse(struct entry_set *set, size_t from);

/* Sort and collapse the set. It must not change afterwards. */
void entry_set_finish(struct entry_set *set);

/* Create a finished set of the entries that have not expired at @now_sec. NULL: out of memory. */
struct entry_set *entry_set_unexpired(const struct entry_set *set, int64_t now_sec);

/**
 * entry_set_flatten() - express the same addresses without exclusions
 * @set: finished
 *
 * An entry with exclusions inside it becomes the prefixes around them. Each keeps its reason
 * and other members. Return: a finished set, or NULL: out of memory.
 */
struct entry_set *entry_set_flatten(const struct entry_set *set);

struct entry_set *entry_set_ref(struct entry_set *set);
/* Drop a reference. Dropping the last one frees the set. NULL is fine. */
void entry_set_unref(struct entry_set *set);

/* Whether a finished set has an exclusion. */
bool entry_set_has_exclusions(const struct entry_set *set);

/* The index of the first entry whose prefix is not before @prefix, or @set->count. */
size_t entry_set_lower_bound(const struct entry_set *set, const struct prefix *prefix);

#endif
