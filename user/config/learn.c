/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `learn:`. The keys with one number or duration are in tables (learn_fields.c). */
#include "config/learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/learn_log.h"
#include "config/learn_mapping.h"
#include "config/learn_sessions.h"
#include "config/listen.h"
#include "config/parts.h"

/* The keys that are not in a table. They come first. */
enum learn_key {
	LEARN_KEY_LIST,
	LEARN_KEY_MODE,
	LEARN_KEY_RULES,
	LEARN_KEY_POSTFIX, /* the servers, in their order */
	LEARN_KEY_EXIM,
	LEARN_KEY_OPENSMTPD,
	LEARN_KEY_PARTNER,
	LEARN_KEY_REPUTATION,
	LEARN_KEY_SESSIONS,
	LEARN_KEY_NEVER,
	LEARN_KEY_TRUSTED_RELAYS,
	LEARN_KEY_LOCAL_DOMAINS,
	LEARN_KEY_FREEMAIL,
	LEARN_KEY_FREEMAIL_FILE,
	LEARN_KEY_LISTEN,
	LEARN_KEY_TOKEN_FILE,
	LEARN_KEYS_OTHER,
};

static const char *const learn_keys[LEARN_KEYS_OTHER] = {
	[LEARN_KEY_LIST] = "list",
	[LEARN_KEY_MODE] = "mode",
	[LEARN_KEY_RULES] = "rules",
	[LEARN_KEY_POSTFIX] = "postfix",
	[LEARN_KEY_EXIM] = "exim",
	[LEARN_KEY_OPENSMTPD] = "opensmtpd",
	[LEARN_KEY_PARTNER] = "partner",
	[LEARN_KEY_REPUTATION] = "reputation",
	[LEARN_KEY_SESSIONS] = "sessions",
	[LEARN_KEY_NEVER] = "never",
	[LEARN_KEY_TRUSTED_RELAYS] = "trusted_relays",
	[LEARN_KEY_LOCAL_DOMAINS] = "local_domains",
	[LEARN_KEY_FREEMAIL] = "freemail",
	[LEARN_KEY_FREEMAIL_FILE] = "freemail_file",
	[LEARN_KEY_LISTEN] = "listen",
	[LEARN_KEY_TOKEN_FILE] = "token_file",
};

/* ---- users ---------------------------------------------------------------------- */

/* Local parts of programs that answer or report to whoever asks. */
static const char *const ignored_users[] = {
	"dmarc",	 "dmarc-noreply", "dmarc-report", "dmarc-reports", "dmarc_reports",
	"mailer-daemon", "no-reply",	  "noreply",	  "noreply-dmarc", "opendmarc",
	"postmaster",	 "reports",	  "tls-reports",  "tlsrpt",	   "vacation",
};

#define USER_BYTES 321 /* RFC 5321: 64, "@", 255, and the zero */

static void copy_lower(const char *text, char lower[USER_BYTES])
{
	size_t i;

	for (i = 0; i < USER_BYTES - 1 && text[i]; i++)
		lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
	lower[i] = '\0';
}

static int add_user(struct domain_list *users, const char *name)
{
	char lower[USER_BYTES];

	copy_lower(name, lower);
	return domain_list_add(users, lower);
}

static int read_users(struct document *document, const yaml_node_t *node, struct domain_list *users)
{
	const size_t standard = sizeof(ignored_users) / sizeof(*ignored_users);
	size_t count = standard;
	int err = 0;

	if (node && !document_sequence(document, node, "ignored_users", &count))
		return 0;
	for (size_t i = 0; i < count && !err; i++) {
		const char *name = node ? document_text(document, document_item(document, node, i),
							"ignored_users")
					: ignored_users[i];

		err = name ? add_user(users, name) : 0;
	}
	domain_list_finish(users);
	return err;
}

bool learn_ignores_user(const struct learn_settings *settings, const char *person)
{
	const struct domain_list *users = &settings->partner.ignored_users;
	char lower[USER_BYTES];
	char *at;

	copy_lower(person, lower);
	if (domain_list_has(users, lower))
		return true;
	at = strrchr(lower, '@');
	if (!at)
		return false;
	*at = '\0';
	return domain_list_has(users, lower);
}

/* ---- names ---------------------------------------------------------------------- */

static int read_list(struct document *document, const yaml_node_t *node, const yaml_node_t *learn,
		     const struct policy *policy, struct learn_settings *settings)
{
	const char *name = node ? document_text(document, node, "list") : NULL;
	const struct list *list;

	if (!node)
		document_error(document, learn,
			       "learn: no list: write list: NAME, the allow list that receives "
			       "learned entries");
	if (!name)
		return 0;
	list = policy_find_list(policy, name);
	if (!list)
		document_error(document, node, "list: there is no list \"%.63s\"", name);
	else if (list->action != ACTION_ALLOW)
		document_error(document, node, "list: \"%.63s\" must be an allow list", name);
	settings->list = strdup(name);
	return settings->list ? 0 : -ENOMEM;
}

/* ---- rules ------------------------------------------------------------------------ */

enum learn_partner_key {
	LEARN_PARTNER_IGNORED_USERS,
	LEARN_PARTNER_SHARED,
	LEARN_PARTNER_KEYS_OTHER,
};

static const char *const partner_keys[LEARN_PARTNER_KEYS_OTHER] = {
	[LEARN_PARTNER_IGNORED_USERS] = "ignored_users",
	[LEARN_PARTNER_SHARED] = "shared",
};

static int read_partner(struct document *document, const yaml_node_t *node,
			struct learn_settings *settings)
{
	yaml_node_t *values[LEARN_KEYS_MAX] = { NULL };
	size_t choice;

	if (node)
		learn_read_mapping(document, &(struct learn_mapping) { node, "partner" },
				   partner_keys, LEARN_PARTNER_KEYS_OTHER, &learn_partner_fields,
				   values, settings);
	if (values[LEARN_PARTNER_SHARED] &&
	    document_choice(document, values[LEARN_PARTNER_SHARED], "shared", shared_choice_names,
			    SHARED_CHOICE_COUNT, &choice))
		settings->partner.shared = (enum shared_choice)choice;
	return read_users(document, values[LEARN_PARTNER_IGNORED_USERS],
			  &settings->partner.ignored_users);
}

static void read_reputation(struct document *document, const yaml_node_t *node,
			    struct learn_settings *settings)
{
	yaml_node_t *values[LEARN_KEYS_MAX];

	if (node)
		learn_read_mapping(document, &(struct learn_mapping) { node, "reputation" }, NULL,
				   0, &learn_reputation_fields, values, settings);
}

static void read_mode(struct document *document, const yaml_node_t *node,
		      struct learn_settings *settings)
{
	size_t choice;

	if (node && document_choice(document, node, "mode", learn_mode_names, 2, &choice))
		settings->is_auto = choice == 1;
}

static void read_rules(struct document *document, const yaml_node_t *node,
		       struct learn_settings *settings)
{
	size_t count, choice;

	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
		settings->uses[rule] = !node;
	if (!node || !document_sequence(document, node, "rules", &count))
		return;
	for (size_t i = 0; i < count; i++)
		if (document_choice(document, document_item(document, node, i), "a rule",
				    learn_rule_names, LEARN_RULE_COUNT, &choice))
			settings->uses[choice] = true;
}

/* ---- prefixes and domains --------------------------------------------------------- */

static int prefix_list_add(struct prefix_list *list, const struct prefix *prefix)
{
	struct prefix *items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count++] = *prefix;
	return 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Read items that are prefixes or, unless @domains is NULL, domains; or only domains, if
 * @prefixes is NULL. */
static int read_subjects(struct document *document, const yaml_node_t *node, const char *name,
			 struct prefix_list *prefixes, struct domain_list *domains)
{
	const char *const kind = !prefixes ? "a domain"
				 : domains ? "a prefix or a domain"
					   : "a prefix";
	size_t count = 0;
	int err = 0;

	if (node && !document_sequence(document, node, name, &count))
		return 0;
	for (size_t i = 0; i < count && !err; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, name);
		char domain[DOMAIN_BYTES];
		struct prefix prefix;

		if (!text)
			continue;
		if (prefixes && prefix_parse(text, strlen(text), &prefix, NULL) == PREFIX_OK)
			err = prefix_list_add(prefixes, &prefix);
		else if (domains && domain_normalise(text, strlen(text), domain))
			err = domain_list_add(domains, domain);
		else
			document_error(document, item, "%s: \"%.80s\" is not %s", name, text, kind);
	}
	if (prefixes && prefixes->count)
		qsort(prefixes->items, prefixes->count, sizeof(*prefixes->items), compare_prefixes);
	return err;
}

static int read_freemail_file(struct document *document, const yaml_node_t *node,
			      struct learn_settings *settings)
{
	const char *path = node ? document_text(document, node, "freemail_file") : NULL;

	if (!path)
		return 0;
	if (*path != '/') {
		document_error(document, node, "freemail_file: \"%.80s\" is not an absolute path",
			       path);
		return 0;
	}
	settings->freemail_file = strdup(path);
	if (!settings->freemail_file)
		return -ENOMEM;
	return domain_list_read_file(path, document->diagnostics, &settings->freemail_domains);
}

static int read_all_subjects(struct document *document, yaml_node_t *const values[],
			     struct learn_settings *settings)
{
	int err = read_subjects(document, values[LEARN_KEY_NEVER], "never", &settings->never,
				&settings->never_domains);

	if (!err)
		err = read_subjects(document, values[LEARN_KEY_TRUSTED_RELAYS], "trusted_relays",
				    &settings->trusted_relays, NULL);
	if (!err)
		err = read_subjects(document, values[LEARN_KEY_LOCAL_DOMAINS], "local_domains",
				    NULL, &settings->local_domains);
	if (!err)
		err = read_subjects(document, values[LEARN_KEY_FREEMAIL], "freemail", NULL,
				    &settings->freemail_domains);
	if (!err)
		err = read_freemail_file(document, values[LEARN_KEY_FREEMAIL_FILE], settings);
	domain_list_finish(&settings->never_domains);
	domain_list_finish(&settings->local_domains);
	domain_list_finish(&settings->freemail_domains);
	return err;
}

/* ---- the listener ----------------------------------------------------------------- */

/* Evidence puts senders on allow lists, so other hosts must not reach the listener. */
static int read_listen(struct document *document, const yaml_node_t *node,
		       struct learn_settings *settings)
{
	const char *text = node ? document_text(document, node, "listen") : NULL;
	int err;

	if (!text)
		return 0;
	err = listen_parse(text, &settings->listen_host, &settings->listen_port);
	if (err == -ENOMEM)
		return err;
	if (err || (settings->listen_host && !listen_is_loopback(settings->listen_host)))
		document_error(document, node,
			       "listen: \"%.80s\" must be a loopback address with a port: write "
			       "127.0.0.1:12526 or none",
			       text);
	return 0;
}

static int read_token_file(struct document *document, const yaml_node_t *node,
			   const yaml_node_t *listen, struct learn_settings *settings)
{
	const char *path = node ? document_text(document, node, "token_file") : NULL;

	if (!node && settings->listen_host)
		document_error(document, listen,
			       "listen: needs token_file, a file with the token that clients "
			       "must know");
	if (!path)
		return 0;
	if (*path != '/')
		document_error(document, node, "token_file: \"%.80s\" is not an absolute path",
			       path);
	settings->token_file = strdup(path);
	return settings->token_file ? 0 : -ENOMEM;
}

/* ---- all of it ---------------------------------------------------------------------- */

static void check_durations(struct document *document, const yaml_node_t *node,
			    const struct learn_settings *settings)
{
	if (settings->notice_sec > settings->grace_sec)
		document_error(document, node, "learn: notice must not be longer than grace");
	if (settings->partner.window_sec > settings->keep_sec)
		document_error(document, node,
			       "learn: partner.window must not be longer than keep");
	if (settings->idle_sec > settings->keep_sec)
		document_error(document, node, "learn: idle must not be longer than keep");
}

int learn_read(struct document *document, const yaml_node_t *node, const struct policy *policy,
	       struct learn_settings *settings)
{
	yaml_node_t *values[LEARN_KEYS_MAX];
	int err;

	learn_fields_set_defaults(settings);
	if (!node)
		return 0;
	settings->is_on = true;
	if (!learn_read_mapping(document, &(struct learn_mapping) { node, "learn" }, learn_keys,
				LEARN_KEYS_OTHER, &learn_general_fields, values, settings))
		return 0;
	read_mode(document, values[LEARN_KEY_MODE], settings);
	read_rules(document, values[LEARN_KEY_RULES], settings);
	read_reputation(document, values[LEARN_KEY_REPUTATION], settings);
	check_durations(document, node, settings);
	err = read_list(document, values[LEARN_KEY_LIST], node, policy, settings);
	if (!err)
		err = read_listen(document, values[LEARN_KEY_LISTEN], settings);
	if (!err)
		err = read_token_file(document, values[LEARN_KEY_TOKEN_FILE],
				      values[LEARN_KEY_LISTEN], settings);
	if (!err)
		err = read_partner(document, values[LEARN_KEY_PARTNER], settings);
	if (!err)
		err = learn_read_log(document, node, &values[LEARN_KEY_POSTFIX], settings);
	if (!err)
		err = learn_read_sessions(document, values[LEARN_KEY_SESSIONS], settings);
	return err ? err : read_all_subjects(document, values, settings);
}

void learn_settings_done(struct learn_settings *settings)
{
	free(settings->list);
	free(settings->freemail_file);
	free(settings->listen_host);
	free(settings->token_file);
	free(settings->log_file);
	free(settings->log_journal);
	free(settings->sessions.cgroup);
	free(settings->never.items);
	free(settings->trusted_relays.items);
	domain_list_done(&settings->never_domains);
	domain_list_done(&settings->local_domains);
	domain_list_done(&settings->freemail_domains);
	domain_list_done(&settings->partner.ignored_users);
}
