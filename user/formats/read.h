/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads lists in the formats of other programs into sets of entries. Knows nothing about files,
 * lists in force or the daemon. List files, feeds and imports all use this.
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
#include "formats/select.h"
#include "formats/trust.h"

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
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_GEOFEED,
	FORMAT_IPSET,
	FORMAT_NFTABLES,
	FORMAT_IPTABLES,
	FORMAT_ACCESS,
	FORMAT_CLIENTS,
	FORMAT_NGINX_GEO,
	FORMAT_NETWORKS,
	FORMAT_DSHIELD,
	FORMAT_IPFILTER,
	FORMAT_P2P,
	FORMAT_SPF,
	FORMAT_HOSTS_ACCESS,
	FORMAT_HTTP_ACCESS,
	FORMAT_TCPRULES,
	FORMAT_DNS_ZONE,
	FORMAT_CSF,
	FORMAT_MIKROTIK,
	FORMAT_COUNT,
};

/* "auto", "plain", "postfix-cidr", … indexed by enum format. */
extern const char *const format_names[FORMAT_COUNT];

/* Find a format by its name. Returns false if there is none. */
bool format_find(const char *name, enum format *ret_format);

/* What happens to a prefix with bits set after its length. */
enum host_bits {
	HOST_BITS_BY_FORMAT, /* the same as in the format's own program */
	HOST_BITS_REFUSE,
	HOST_BITS_CUT, /* with a warning */
	HOST_BITS_COUNT,
};

/* Why a well-formed record did not become an entry. */
enum format_skip {
	FORMAT_SKIP_ACTION,    /* a Postfix action that does not fit the list */
	FORMAT_SKIP_SHADOWED,  /* an earlier rule decides all of it */
	FORMAT_SKIP_HOST_BITS, /* host bits are set; Postfix skips such a rule, too */
	FORMAT_SKIP_TRUST,     /* dnswl: the level of trust is none */
	FORMAT_SKIP_QUOTA,     /* dnswl: 127.0.0.255 reports an exceeded quota, not a sender */
	FORMAT_SKIP_KIND,      /* another kind of record, like GREY of spamdb or another setting */
	FORMAT_SKIP_NO_PREFIX, /* a JSON record without a prefix */
	FORMAT_SKIP_RANGE,     /* wider than the file's own $MAXRANGE4 */
	FORMAT_SKIP_EXPIRED,
	FORMAT_SKIP_TEST,      /* 127.0.0.2, the test entry of every DNS block list (RFC 5782) */
	FORMAT_SKIP_SELECT,    /* the fields of the record do not fulfil `select` */
	FORMAT_SKIP_MIN_TRUST, /* dnswl: the level of trust is lower than was chosen */
	FORMAT_SKIP_COUNT,
};

/* Longest line of the plain formats, without its end. */
#define FORMAT_PLAIN_LINE_BYTES_MAX 4096

/* Maximum number of entries and exclusions in one list file or feed: 1 GiB of memory. */
#define FORMAT_ENTRIES_MAX (16UL << 20)

/* Longest reason, without the terminating zero. A longer one is truncated. */
#define FORMAT_REASON_BYTES_MAX 4096

/* Maximum number of skipped records that are listed one by one. */
#define FORMAT_SKIPPED_MAX 1000

/* Default limit for the bytes of an unpacked gzip stream. */
#define FORMAT_UNPACKED_BYTES_MAX (256UL << 20)

struct line_prints;

/* A former reading of a list, with the same input but for its bytes. */
struct format_former {
	const struct entry_set *set;	    /* finished */
	const struct line_prints *prints;   /* of all lines */
	const struct format_result *result; /* of the reading */
};

struct format_input {
	/* The source of the bytes: all at once or, if @read is set, piece by piece. @read
	 * returns the number of bytes, 0 at the end, or -errno after it has added an error to
	 * the diagnostics. gzip is recognised by its magic number and unpacked. */
	const char *bytes;
	size_t byte_count;
	ssize_t (*read)(void *context, char *buffer, size_t size);
	void *read_context;
	bool is_unpacked;	   /* gzip is an error, because the fetcher has unpacked the data */
	size_t unpacked_bytes_max; /* 0: FORMAT_UNPACKED_BYTES_MAX */
	size_t entries_max;	   /* including exclusions; 0: FORMAT_ENTRIES_MAX */

	const char *name; /* of the file or feed; used in diagnostics, and as the entries' origin */
	enum format format;
	enum action action; /* of the list: limits its entries, and how Postfix actions are read */
	enum host_bits host_bits;
	const struct select *select; /* of records by their fields; may be NULL */
	enum trust min_trust;	     /* of dnswl */
	bool skips_bad_lines;	     /* count them and warn of the first few */

	/* Members of the new entries. A reason and an expiry in the data take precedence. */
	enum source source;
	const char *origin; /* NULL: @name */
	const char *reason; /* or NULL */
	const char *author; /* or NULL */
	int64_t added_at_sec;
	int64_t expires_at_sec; /* 0: never */

	int64_t now_sec;	/* entries that have expired by then are skipped; 0: none */
	int64_t written_at_sec; /* durations in the data begin at this time; 0: at now_sec */

	/* Receives the prints of the lines, if the format has one record a line; or NULL. The
	 * caller made them like those of the former reading. */
	struct line_prints *prints;
	/* An earlier reading, or NULL. Where the list has not changed since, reading is faster and
	 * needs less memory. The result is the same. */
	const struct format_former *former;

	/* Receives a line of text for each of the first FORMAT_SKIPPED_MAX skipped records; or
	 * NULL. */
	struct lines *skipped;

	/* Receives the entries and exclusions, without duplicates of this list
	 * (entry_set_collapse()). The set is not finished. */
	struct entry_set *set;
	struct diagnostics *diagnostics;
};

struct format_result {
	enum format format; /* never FORMAT_AUTO */
	bool was_recognised;
	bool was_gzip;
	size_t line_count;
	size_t record_count; /* rules, prefixes or records: everything that could become an entry */
	size_t entry_count;  /* added, without duplicates; a range may become several */
	size_t exclusion_count;			  /* the same */
	size_t duplicate_count;			  /* duplicate entries and exclusions */
	size_t skipped_counts[FORMAT_SKIP_COUNT]; /* records */
	size_t bad_line_count;
	/* What the data declares about itself. If its count differs from record_count, the data
	 * was truncated or changed. */
	bool has_declared_count;
	uint64_t declared_count;
	int64_t declared_at_sec; /* when the data was made; 0: unknown */
	int64_t written_at_sec;	 /* when its file was written last; 0: unknown, or no file */
};

/**
 * format_read() - add the entries of a list to a set
 * @ret_result: set in any case
 *
 * Each bad line adds a diagnostic with its place, and the rest is still read. With
 * @skips_bad_lines, a bad line is counted and skipped. A problem that affects more than its own
 * line remains an error, like a broken gzip stream or a rule that says "all but this".
 *
 * A range becomes the fewest prefixes that cover it. Rules of which the first match decides
 * (Postfix, Exim) become entries and exclusions that list exactly the same addresses.
 *
 * Return: 0; -EINVAL: errors were added to the diagnostics, and the set must not be used;
 * -ENOMEM.
 */
int format_read(const struct format_input *input, struct format_result *ret_result);

/* Whether the data declares another number of records than it has. */
bool format_is_cut(const struct format_result *result);

/* "of another action", … indexed by enum format_skip. */
extern const char *const format_skip_texts[FORMAT_SKIP_COUNT];

size_t format_skipped_count(const struct format_result *result);

#define FORMAT_SUMMARY_BYTES 512

/* "2256 rules: 2254 entries, 2 skipped: 1 with host bits, 1 of another action";
 * returns @text. */
const char *format_summary(const struct format_result *result, char text[FORMAT_SUMMARY_BYTES]);

#endif
