/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of learning: the key `learn:`. */
#ifndef CONFIG_LEARN_H
#define CONFIG_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/domain_list.h"
#include "config/feed_config.h"
#include "core/prefix.h"

/* The rules by which an address is learned. */
enum learn_rule {
	LEARN_REPLY,	  /* it delivered an answer to mail of our users */
	LEARN_PARTNER,	  /* it sends for a domain that our users write to */
	LEARN_REPUTATION, /* it has sent good mail for a while */
	LEARN_REPORT,	  /* a person reported its mail as good */
	LEARN_SPF,	  /* the SPF record of a partner domain lists it */
	LEARN_RULE_COUNT,
};

/* "reply", "partner", "reputation", "report", "spf", indexed by enum learn_rule. */
extern const char *const learn_rule_names[LEARN_RULE_COUNT];

/* A mail server whose log can be read. */
enum learn_server {
	LEARN_POSTFIX,
	LEARN_EXIM,
	LEARN_OPENSMTPD,
	LEARN_SERVER_COUNT,
};

/* "postfix", "exim", "opensmtpd", indexed by enum learn_server; the names of sources of evidence,
 * too. */
extern const char *const learn_server_names[LEARN_SERVER_COUNT];

struct prefix_list {
	struct prefix *items; /* sorted */
	size_t count;
};

struct learn_partner_settings {
	uint32_t messages;	     /* delivered to the domain, at least */
	uint32_t days;		     /* on which they were delivered, at least */
	int64_t window_sec;	     /* within which they count */
	uint32_t max_recipients;     /* a message to more of them does not count */
	uint32_t max_new_domains;    /* of one user on one day */
	uint32_t authenticated_days; /* on which an address sent authenticated mail of it */
	uint32_t max_domains;	     /* whose SPF records are in force */
	uint32_t max_domains_day;    /* put in force in a day */
	enum shared_choice shared;   /* addresses of shared providers in their SPF records */
	/* Addresses or local parts of users whose mail does not count: programs write it. */
	struct domain_list ignored_users;
};

struct learn_reputation_settings {
	uint32_t messages; /* at least */
	int64_t age_sec;   /* since the first one, at least */
	uint32_t max_spam; /* percent */
	int64_t clean_sec; /* without any spam, to enter */
};

/* Whether the kernel counts SMTP sessions by peer. */
enum session_mode {
	SESSIONS_AUTO, /* if it can */
	SESSIONS_ON,   /* and it is a problem if it cannot */
	SESSIONS_OFF,
	SESSION_MODE_COUNT,
};

/* "auto", "on", "off". */
extern const char *const session_mode_names[SESSION_MODE_COUNT];

struct learn_session_settings {
	enum session_mode mode;
	char *cgroup;		 /* NULL: the root of cgroup v2 */
	uint32_t sent_bytes;	 /* that make an outbound session complete, at least */
	uint32_t received_bytes; /* likewise */
};

struct learn_settings {
	bool is_on;   /* the configuration has the key */
	char *list;   /* the allow list that receives entries */
	bool is_auto; /* mode: auto; else suggest */
	bool uses[LEARN_RULE_COUNT];
	uint32_t replies; /* of an address, at least */
	struct learn_partner_settings partner;
	struct learn_reputation_settings reputation;
	struct learn_session_settings sessions;
	uint32_t reports;      /* good reports, at least */
	uint32_t max_spam;     /* percent, for the other rules than reputation */
	uint32_t complaints;   /* of different people within a day: removal at once */
	uint32_t leave_score;  /* percent of what it takes to enter */
	int64_t half_life_sec; /* after which a message counts half */
	int64_t probation_sec;
	int64_t grace_sec;	  /* at risk, before the removal */
	int64_t notice_sec;	  /* before the removal */
	int64_t bar_sec;	  /* after a removal */
	int64_t reject_bar_sec;	  /* after an administrator's rejection */
	int64_t idle_sec;	  /* without an accepted message: at risk */
	int64_t keep_sec;	  /* evidence */
	uint32_t max_entries;	  /* learned, in all */
	uint32_t max_entries_day; /* learned in a day */
	uint32_t max_removals_day;
	uint32_t max_addresses; /* with evidence: rows by address and day */
	struct prefix_list never;
	struct domain_list never_domains;
	struct prefix_list trusted_relays;
	struct domain_list local_domains;
	struct domain_list freemail_domains;
	char *freemail_file; /* NULL: none */
	/* Where rspamd and people send evidence, a loopback address; NULL: nowhere. */
	char *listen_host;
	uint16_t listen_port;
	char *token_file; /* NULL only if listen_host is */
	/* The log that is read, and what writes it; at most one of the two is set. */
	enum learn_server server;
	char *log_file;
	char *log_journal; /* a directory, or "-" for the system's */
};

/* The settings as text, for `ipwlctl diff'. @index: from 0. @ret_key: "learn.mode", a constant.
 * @ret_text: to be freed; NULL: it is not set, or learning is off. Return: 0; -ENOENT: there is
 * no further setting; -ENOMEM. */
int learn_setting_text(const struct learn_settings *settings, size_t index, const char **ret_key,
		       char **ret_text);

/* Whether mail of a user does not count, because a program writes it. @person: an address or a
 * name, in any case. */
bool learn_ignores_user(const struct learn_settings *settings, const char *person);

void learn_settings_done(struct learn_settings *settings);

#endif
