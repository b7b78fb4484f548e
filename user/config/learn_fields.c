/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of `learn:`, and all of its settings as text. */
#include "config/learn_fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/resolver_config.h"

const char *const learn_rule_names[LEARN_RULE_COUNT] = {
	[LEARN_REPLY] = "reply",   [LEARN_PARTNER] = "partner", [LEARN_REPUTATION] = "reputation",
	[LEARN_REPORT] = "report", [LEARN_SPF] = "spf",
};

const char *const session_mode_names[SESSION_MODE_COUNT] = { "auto", "on", "off" };

const char *const learn_server_names[LEARN_SERVER_COUNT] = {
	[LEARN_POSTFIX] = "postfix",
	[LEARN_EXIM] = "exim",
	[LEARN_OPENSMTPD] = "opensmtpd",
};

const char *const learn_mode_names[2] = { "suggest", "auto" };

#define HOUR 3600
#define DAY (24 * HOUR)
#define COUNT_MAX 1000000

#define NUMBER(key_, part_, member_, min_, max_, standard_)                                        \
	{                                                                                          \
		.key = (key_), .full_key = "learn." part_ key_,                                    \
		.offset = offsetof(struct learn_settings, member_), .min = (min_), .max = (max_),  \
		.standard = (standard_)                                                            \
	}
#define DURATION(key_, part_, member_, min_, max_, standard_)                                      \
	{                                                                                          \
		.key = (key_), .full_key = "learn." part_ key_, .is_duration = true,               \
		.offset = offsetof(struct learn_settings, member_), .min = (min_), .max = (max_),  \
		.standard = (standard_)                                                            \
	}

static const struct learn_field general[] = {
	NUMBER("replies", "", replies, 1, COUNT_MAX, 1),
	NUMBER("reports", "", reports, 1, COUNT_MAX, 1),
	NUMBER("max_spam", "", max_spam, 0, 100, 10),
	NUMBER("complaints", "", complaints, 1, 1000, 3),
	NUMBER("leave_score", "", leave_score, 1, 99, 50),
	DURATION("half_life", "", half_life_sec, DAY, 3650LL * DAY, 30 * DAY),
	DURATION("probation", "", probation_sec, HOUR, 365LL * DAY, 7 * DAY),
	DURATION("grace", "", grace_sec, HOUR, 365LL * DAY, 14 * DAY),
	DURATION("notice", "", notice_sec, HOUR, 365LL * DAY, 3 * DAY),
	DURATION("bar", "", bar_sec, HOUR, 3650LL * DAY, 30 * DAY),
	DURATION("reject_bar", "", reject_bar_sec, HOUR, 36500LL * DAY, 365LL * DAY),
	DURATION("idle", "", idle_sec, DAY, 3650LL * DAY, 60 * DAY),
	DURATION("keep", "", keep_sec, DAY, 3650LL * DAY, 90 * DAY),
	NUMBER("max_entries", "", max_entries, 1, COUNT_MAX, 10000),
	NUMBER("max_entries_day", "", max_entries_day, 1, COUNT_MAX, 100),
	NUMBER("max_removals_day", "", max_removals_day, 1, COUNT_MAX, 20),
	NUMBER("max_addresses", "", max_addresses, 1000, 100000000, 2000000),
};

static const struct learn_field partner[] = {
	NUMBER("messages", "partner.", partner.messages, 1, COUNT_MAX, 3),
	NUMBER("days", "partner.", partner.days, 1, 365, 2),
	DURATION("window", "partner.", partner.window_sec, DAY, 3650LL * DAY, 60 * DAY),
	NUMBER("max_recipients", "partner.", partner.max_recipients, 1, COUNT_MAX, 10),
	NUMBER("max_new_domains", "partner.", partner.max_new_domains, 1, COUNT_MAX, 20),
	NUMBER("authenticated_days", "partner.", partner.authenticated_days, 1, 365, 2),
	NUMBER("max_domains", "partner.", partner.max_domains, 1, DOMAINS_MAX / 2, 500),
	NUMBER("max_domains_day", "partner.", partner.max_domains_day, 1, DOMAINS_MAX / 2, 10),
};

static const struct learn_field reputation[] = {
	NUMBER("messages", "reputation.", reputation.messages, 1, COUNT_MAX, 10),
	DURATION("age", "reputation.", reputation.age_sec, DAY, 3650LL * DAY, 14 * DAY),
	NUMBER("max_spam", "reputation.", reputation.max_spam, 0, 100, 1),
	DURATION("clean", "reputation.", reputation.clean_sec, DAY, 3650LL * DAY, 7 * DAY),
};

static const struct learn_field sessions[] = {
	NUMBER("sent_bytes", "sessions.", sessions.sent_bytes, 1, COUNT_MAX, 4096),
	NUMBER("received_bytes", "sessions.", sessions.received_bytes, 1, COUNT_MAX, 200),
};

#define TABLE(fields_)                                                                             \
	{                                                                                          \
		.fields = (fields_), .count = sizeof(fields_) / sizeof(*(fields_))                 \
	}

const struct learn_field_table learn_general_fields = TABLE(general);
const struct learn_field_table learn_partner_fields = TABLE(partner);
const struct learn_field_table learn_reputation_fields = TABLE(reputation);
const struct learn_field_table learn_session_fields = TABLE(sessions);

static const struct learn_field_table *const tables[] = {
	&learn_general_fields,
	&learn_partner_fields,
	&learn_reputation_fields,
	&learn_session_fields,
};
#define TABLES (sizeof(tables) / sizeof(*tables))

uint32_t *learn_field_number(struct learn_settings *settings, const struct learn_field *field)
{
	return (uint32_t *)((char *)settings + field->offset);
}

int64_t *learn_field_duration(struct learn_settings *settings, const struct learn_field *field)
{
	return (int64_t *)((char *)settings + field->offset);
}

void learn_fields_set_defaults(struct learn_settings *settings)
{
	for (size_t i = 0; i < TABLES; i++) {
		for (size_t j = 0; j < tables[i]->count; j++) {
			const struct learn_field *field = &tables[i]->fields[j];

			if (field->is_duration)
				*learn_field_duration(settings, field) = field->standard;
			else
				*learn_field_number(settings, field) = (uint32_t)field->standard;
		}
	}
}

/* ---- as text -------------------------------------------------------------------- */

/* The settings that are not in a table. */
enum {
	TEXT_LIST,
	TEXT_MODE,
	TEXT_RULES,
	TEXT_FILE,				       /* of each server */
	TEXT_JOURNAL = TEXT_FILE + LEARN_SERVER_COUNT, /* likewise */
	TEXT_NEVER = TEXT_JOURNAL + LEARN_SERVER_COUNT,
	TEXT_RELAYS,
	TEXT_LOCAL,
	TEXT_FREEMAIL,
	TEXT_LISTEN,
	TEXT_TOKEN_FILE,
	TEXT_USERS,
	TEXT_SHARED,
	TEXT_SESSIONS,
	TEXT_CGROUP,
	TEXTS
};

static const char *const text_keys[TEXTS] = {
	[TEXT_LIST] = "learn.list",
	[TEXT_MODE] = "learn.mode",
	[TEXT_RULES] = "learn.rules",
	[TEXT_FILE + LEARN_POSTFIX] = "learn.postfix.file",
	[TEXT_FILE + LEARN_EXIM] = "learn.exim.file",
	[TEXT_FILE + LEARN_OPENSMTPD] = "learn.opensmtpd.file",
	[TEXT_JOURNAL + LEARN_POSTFIX] = "learn.postfix.journal",
	[TEXT_JOURNAL + LEARN_EXIM] = "learn.exim.journal",
	[TEXT_JOURNAL + LEARN_OPENSMTPD] = "learn.opensmtpd.journal",
	[TEXT_NEVER] = "learn.never",
	[TEXT_RELAYS] = "learn.trusted_relays",
	[TEXT_LOCAL] = "learn.local_domains",
	[TEXT_FREEMAIL] = "learn.freemail",
	[TEXT_LISTEN] = "learn.listen",
	[TEXT_TOKEN_FILE] = "learn.token_file",
	[TEXT_USERS] = "learn.partner.ignored_users",
	[TEXT_SHARED] = "learn.partner.shared",
	[TEXT_SESSIONS] = "learn.sessions.mode",
	[TEXT_CGROUP] = "learn.sessions.cgroup",
};

static void write_separator(FILE *stream)
{
	if (ftell(stream) > 0)
		fputs(", ", stream);
}

static void write_prefixes(FILE *stream, const struct prefix_list *list)
{
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < list->count; i++) {
		write_separator(stream);
		fputs(prefix_format_short(&list->items[i], text), stream);
	}
}

/* A list of thousands is told by its number, and a change of it by its content. */
#define DOMAINS_SHOWN 20

static uint32_t hash_domains(const struct domain_list *list)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < list->count; i++)
		for (const char *c = list->items[i];; c++) {
			hash = (hash ^ (unsigned char)*c) * 16777619U;
			if (!*c)
				break;
		}
	return hash;
}

static void write_domains(FILE *stream, const struct domain_list *list)
{
	if (list->count > DOMAINS_SHOWN) {
		fprintf(stream, "%zu domains, checksum %08x", list->count, hash_domains(list));
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		write_separator(stream);
		fputs(list->items[i], stream);
	}
}

static void write_text(FILE *stream, const struct learn_settings *settings, size_t which)
{
	if (which == TEXT_FILE + (size_t)settings->server && settings->log_file)
		fputs(settings->log_file, stream);
	if (which == TEXT_JOURNAL + (size_t)settings->server && settings->log_journal)
		fputs(settings->log_journal, stream);
	if (which >= TEXT_FILE && which < TEXT_NEVER)
		return;
	switch (which) {
	case TEXT_LIST:
		fputs(settings->list ? settings->list : "", stream);
		break;
	case TEXT_MODE:
		fputs(learn_mode_names[settings->is_auto], stream);
		break;
	case TEXT_RULES:
		for (int rule = 0; rule < LEARN_RULE_COUNT; rule++) {
			if (!settings->uses[rule])
				continue;
			write_separator(stream);
			fputs(learn_rule_names[rule], stream);
		}
		break;
	case TEXT_NEVER:
		write_prefixes(stream, &settings->never);
		write_domains(stream, &settings->never_domains);
		break;
	case TEXT_RELAYS:
		write_prefixes(stream, &settings->trusted_relays);
		break;
	case TEXT_LOCAL:
		write_domains(stream, &settings->local_domains);
		break;
	case TEXT_LISTEN:
		if (settings->listen_host)
			fprintf(stream, strchr(settings->listen_host, ':') ? "[%s]:%u" : "%s:%u",
				settings->listen_host, settings->listen_port);
		break;
	case TEXT_TOKEN_FILE:
		if (settings->token_file)
			fputs(settings->token_file, stream);
		break;
	case TEXT_SHARED:
		if (settings->partner.shared)
			fputs(shared_choice_names[settings->partner.shared], stream);
		break;
	case TEXT_SESSIONS:
		if (settings->sessions.mode)
			fputs(session_mode_names[settings->sessions.mode], stream);
		break;
	case TEXT_CGROUP:
		if (settings->sessions.cgroup)
			fputs(settings->sessions.cgroup, stream);
		break;
	case TEXT_FREEMAIL:
		write_domains(stream, &settings->freemail_domains);
		break;
	default:
		write_domains(stream, &settings->partner.ignored_users);
		break;
	}
}

static const struct learn_field *find_field(size_t index)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (index < tables[i]->count)
			return &tables[i]->fields[index];
		index -= tables[i]->count;
	}
	return NULL;
}

static void write_field(FILE *stream, const struct learn_settings *settings,
			const struct learn_field *field)
{
	const char *value = (const char *)settings + field->offset;

	if (field->is_duration)
		fprintf(stream, "%llds", (long long)*(const int64_t *)value);
	else
		fprintf(stream, "%u", *(const uint32_t *)value);
}

int learn_setting_text(const struct learn_settings *settings, size_t index, const char **ret_key,
		       char **ret_text)
{
	const struct learn_field *field = index < TEXTS ? NULL : find_field(index - TEXTS);
	char *text = NULL;
	FILE *stream;
	size_t size;

	if (index >= TEXTS && !field)
		return -ENOENT;
	*ret_key = field ? field->full_key : text_keys[index];
	*ret_text = NULL;
	/* What is set to its default is no difference from learning nothing. */
	if (!settings->is_on && !field)
		return 0;
	stream = open_memstream(&text, &size);
	if (!stream)
		return -ENOMEM;
	if (field)
		write_field(stream, settings, field);
	else
		write_text(stream, settings, index);
	if (fclose(stream) || !text)
		return -ENOMEM;
	if (*text)
		*ret_text = text;
	else
		free(text);
	return 0;
}
