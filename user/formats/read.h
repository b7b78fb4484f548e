/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats of lists that others write, read into sets of entries. Knows nothing of
 * files, lists in force or the daemon: list files, feeds and imports all come here.
 */
#ifndef FORMATS_READ_H
#define FORMATS_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diagnostics.h"
#include "base/lines.h"
#include "core/policy.h"

enum format {
	FORMAT_AUTO, /* recognised by content */
	FORMAT_PLAIN,
	FORMAT_POSTFIX_CIDR,
	FORMAT_RSPAMD_MAP,
	FORMAT_SPAMASSASSIN,
	FORMAT_DNSWL,
	FORMAT_RBLDNSD,
	FORMAT_DROP_TEXT,
	FORMAT_DROP_JSON,
	FORMAT_NETSET,
	FORMAT_CROWDSEC_CSV,
	FORMAT_SPAMDB,
	FORMAT_EXIM,
	FORMAT_OPENSMTPD,
	FORMAT_COUNT,
};

/* "auto", "plain", "postfix-cidr", … indexed by enum format. */
extern const char *const format_names[FORMAT_COUNT];

/* The format of that name; false: there is none. */
bool format_find(const char *name, enum format *ret_format);

/* What becomes of a prefix with bits set behind its length. */
enum host_bits {
	HOST_BITS_BY_FORMAT, /* what the format's own program does */
	HOST_BITS_REFUSE,
	HOST_BITS_CUT, /* with a warning */
	HOST_BITS_COUNT,
};

/* Why a record that is well-formed did not become an entry. */
enum format_skip {
	FORMAT_SKIP_ACTION,    /* for an allow list a Postfix reject or dunno, for a block
				* list a permit */
	FORMAT_SKIP_SHADOWED,  /* an earlier rule decides all of it */
	FORMAT_SKIP_HOST_BITS, /* Postfix passes over a rule with host bits, too */
	FORMAT_SKIP_TRUST,     /* dnswl: of trust none */
	FORMAT_SKIP_QUOTA,     /* dnswl: 127.0.0.255 tells of a quota, not of a sender */
	FORMAT_SKIP_KIND,      /* a record that is no entry: spamdb's GREY, another setting */
	FORMAT_SKIP_NO_PREFIX, /* a JSON record without one */
	FORMAT_SKIP_RANGE,     /* wider than the file's own $MAXRANGE4 */
	FORMAT_SKIP_EXPIRED,
	FORMAT_SKIP_TEST, /* 127.0.0.2, which each DNS block list has to be tested by (RFC 5782) */
	FORMAT_SKIP_COUNT,
};

/* Longest line of the plain formats, without its end. */
#define FORMAT_PLAIN_LINE_BYTES_MAX 4096

/* At most this many entries and exclusions in one list file or feed: 1 GiB of memory. */
#define FORMAT_ENTRIES_MAX (16UL << 20)

/* Longest reason, without its end; a longer one is cut. */
#define FORMAT_REASON_BYTES_MAX 4096

/* Skipped records that are told one by one. */
#define FORMAT_SKIPPED_MAX 1000

/* At most this many bytes of an unpacked gzip stream, unless told otherwise. */
#define FORMAT_UNPACKED_BYTES_MAX (256UL << 20)

struct format_input {
	/* Where the bytes come from: all of them at once, or, if @read is set, piece by
	 * piece. It returns their number, 0 at the end, or -errno after adding an error
	 * to the diagnostics. gzip is recognised by its magic and unpacked. */
	const char *bytes;
	size_t byte_count;
	ssize_t (*read)(void *context, char *buffer, size_t size);
	void *read_context;
	bool is_unpacked;	   /* gzip is an error: who fetched it has unpacked it */
	size_t unpacked_bytes_max; /* 0: FORMAT_UNPACKED_BYTES_MAX */
	size_t entries_max;	   /* with exclusions; 0: FORMAT_ENTRIES_MAX */

	const char *name; /* of the file or feed: in diagnostics, and each entry's origin */
	enum format format;
	enum action action; /* of the list: what it may hold, what a Postfix action means */
	enum host_bits host_bits;
	bool skips_bad_lines; /* count them, and warn of the first few, instead of errors */

	/* Of the entries; the format's own reason and expiry come first. */
	enum source source;
	const char *origin; /* NULL: @name */
	const char *reason; /* or NULL */
	const char *author; /* or NULL */
	int64_t added_at_sec;
	int64_t expires_at_sec; /* 0: never */

	int64_t now_sec;	/* what has expired by then is skipped; 0: nothing has */
	int64_t written_at_sec; /* durations in the data count from here; 0: from now_sec */

	/* What was skipped, a line of text for each record, the first FORMAT_SKIPPED_MAX; or
	 * NULL. */
	struct lines *skipped;

	/* Entries and exclusions are added, each that repeats another of this list once
	 * (entry_set_collapse()); the set is not finished. */
	struct entry_set *set;
	struct diagnostics *diagnostics;
};

struct format_result {
	enum format format; /* never FORMAT_AUTO */
	bool was_recognised;
	bool was_gzip;
	size_t line_count;
	size_t record_count;	/* rules, prefixes or records: all that might be entries */
	size_t entry_count;	/* added to the set, each once; a range may have become several */
	size_t exclusion_count; /* the same */
	size_t duplicate_count; /* entries and exclusions that were there already */
	size_t skipped_counts[FORMAT_SKIP_COUNT]; /* records */
	size_t bad_line_count;
	/* What the data says of itself. If the count is not record_count, the data was
	 * cut off or changed. */
	bool has_declared_count;
	uint64_t declared_count;
	int64_t declared_at_sec; /* when it was made; 0: unknown */
};

/**
 * format_read() - add what a list holds to a set
 * @ret_result: filled in whatever is returned
 *
 * Each bad line is a diagnostic with its place; after one the rest is read all the
 * same. With @skips_bad_lines it is counted and skipped; what spoils more than its
 * line stays an error (a broken gzip stream, a rule that says "all but this").
 *
 * Ranges become the fewest prefixes that cover them. Rules of which the first that
 * matches counts (Postfix, Exim) become entries and exclusions under which each
 * address is listed exactly if it was by the rules.
 *
 * Return: 0; -EINVAL: errors were added to the diagnostics, and the set is not to be
 * used; -ENOMEM.
 */
int format_read(const struct format_input *input, struct format_result *ret_result);

/* Whether the data says that it has another number of records than it has. */
bool format_is_cut(const struct format_result *result);

/* "of another action", … indexed by enum format_skip. */
extern const char *const format_skip_texts[FORMAT_SKIP_COUNT];

size_t format_skipped_count(const struct format_result *result);

#define FORMAT_SUMMARY_BYTES 512

/* "2256 rules: 2254 entries, 2 skipped: 1 with host bits, 1 of another action";
 * returns @text. */
const char *format_summary(const struct format_result *result, char text[FORMAT_SUMMARY_BYTES]);

#endif
