/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of feeds: their sources, and what is rejected from them. */
#ifndef CONFIG_FEED_CONFIG_H
#define CONFIG_FEED_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/entry.h"
#include "formats/read.h"

#define FEEDS_MAX 256
#define FEED_DEFAULT_REFRESH "12h"
#define FEED_DEFAULT_TIMEOUT "5m"
#define FEED_DEFAULT_MAX_BYTES 67108864
#define FEED_DEFAULT_MAX_SHRINK 50
#define FEED_DEFAULT_MAX_GROWTH 10
#define FEED_DEFAULT_MIN_IPV4_LENGTH 8
#define FEED_DEFAULT_MIN_IPV6_LENGTH 19

#define FEED_REFRESH_MIN_SEC 600
#define FEED_URL_BYTES_MAX 2048
#define FEED_MIRRORS_MAX 8
#define FEED_USER_BYTES_MAX 256

/* Where feeds come from. Those of each kind have their own schedule, copies and names. */
enum feed_kind {
	FEED_OF_URL,
	FEED_OF_DOMAIN, /* the addresses of a domain (config/resolver_config.h) */
	FEED_KIND_COUNT,
};

struct feed_kind_traits {
	const char *word;   /* "feed", "domain" */
	const char *plural; /* "feeds": of its directory, command and log lines */
	enum source source; /* of its entries */
};

/* Indexed by enum feed_kind. */
extern const struct feed_kind_traits feed_kinds[FEED_KIND_COUNT];

/* Address space that no list of senders should hold. */
enum feed_space {
	FEED_SPACE_RESERVED, /* core/reserved.h */
	FEED_SPACE_OWN,	     /* the host's addresses; only in block lists */
	FEED_SPACE_COUNT,
};

/* What happens to a copy with such space. */
enum space_choice {
	SPACE_HOLD, /* the copy is held back */
	SPACE_CUT,  /* the space is removed from its entries */
	SPACE_TAKE,
	SPACE_CHOICE_COUNT,
};

/* "reserved", "own"; "hold", "cut", "take": indexed by the enums, as keys and values. */
extern const char *const feed_space_names[FEED_SPACE_COUNT];
extern const char *const space_choice_names[SPACE_CHOICE_COUNT];

/* What happens to the addresses of shared providers that a domain's record includes. */
enum shared_choice {
	SHARED_EVIDENCED, /* they are left out: only evidence of their own can list them */
	SHARED_ALL,	  /* they become entries */
	SHARED_NEVER,	  /* they are left out, and evidence cannot list them, either */
	SHARED_CHOICE_COUNT,
};

/* "evidenced", "all", "never", indexed by enum shared_choice. */
extern const char *const shared_choice_names[SHARED_CHOICE_COUNT];

/* The conditions under which a new copy takes effect automatically. */
struct feed_guards {
	bool may_be_empty;
	enum space_choice spaces[FEED_SPACE_COUNT];
	bool may_hold_protected;
	bool checks_count;		/* a declared record count must match */
	uint32_t max_shrink_percent;	/* 100: any */
	uint32_t max_growth_factor;	/* times the present number of entries */
	bool counts_addresses;		/* for the growth, in the place of entries */
	uint32_t min_len[FAMILY_COUNT]; /* bits; 0: any */
};

struct feed_config {
	enum feed_kind kind;
	/* Unique among feeds of its kind. Of a URL: the same rules as for a list. Of a domain: the
	 * same as its url. */
	char *name;
	char *list_name;
	enum action action; /* of the list */
	char *url;	    /* of a domain: "spf:partner.example" or "mail.partner.example" */
	/* URLs of the same list, which are tried in this order if the url fails. */
	char *mirrors[FEED_MIRRORS_MAX];
	size_t mirror_count;
	enum format format;
	enum host_bits host_bits; /* of the list */
	struct select select;	  /* of records */
	enum trust min_trust;	  /* of dnswl */
	bool skips_errors;	  /* bad lines are skipped and counted */
	uint32_t refresh_sec;	  /* at least, between two fetches */
	uint32_t refresh_max_sec; /* at most, if the source or a failure asks for more time */
	uint32_t gone_after_sec;  /* a domain must be gone for this long to lose its entries */
	uint32_t timeout_sec;
	uint32_t max_bytes; /* limit of the data as sent and, if it is compressed, also unpacked */
	char *user;	    /* or NULL */
	char *token_file;   /* or NULL; read at each fetch */
	char *header_file;  /* or NULL: of a header to send; read at each fetch */
	char *ca_file;	    /* NULL: the system's */
	char *proxy;	    /* a URL, or NULL */
	struct feed_guards guards;
	enum shared_choice shared; /* of a domain */
	bool is_learned;	   /* a domain that no configuration names */
	bool is_silent;		   /* its entries are known, but not in force */
};

struct feed_configs {
	const struct feed_config *items;
	size_t count;
};

void feed_config_done(struct feed_config *feed);
void feeds_free(struct feed_config *feeds, size_t count);

/* The URL that is tried in place @index: the feed's url, then its mirrors. NULL: no more. */
const char *feed_config_url(const struct feed_config *feed, size_t index);

/* Whether @url is the feed's url or one of its mirrors. NULL is neither. */
bool feed_config_has_url(const struct feed_config *feed, const char *url);

/* Whether user, token_file and header_file may be sent to @url, which is one of the feed's:
 * only to the host and port of the feed's url, and over HTTPS or on this host. */
bool feed_config_trusts(const struct feed_config *feed, const char *url);

/* Whether a URL is http:// to an address of this host, such as 127.0.0.1 or [::1]: nobody else can
 * read what is sent there. No proxy is asked for it. */
bool feed_url_is_loopback(const char *url);

/* Find a feed by its name, or return NULL. */
const struct feed_config *feed_config_find(struct feed_configs feeds, const char *name);

#endif
