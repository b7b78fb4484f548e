/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the state of ipwld into one line, and each trouble into another. */
#include "health/health.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"

#define NAMES_MAX 3

const char *const health_level_names[] = {
	[HEALTH_OK] = "OK",
	[HEALTH_WARNING] = "WARNING",
	[HEALTH_CRITICAL] = "CRITICAL",
	[HEALTH_UNKNOWN] = "UNKNOWN",
};
_Static_assert(sizeof(health_level_names) / sizeof(*health_level_names) == HEALTH_LEVEL_COUNT,
	       "one each");

static void health_add(struct health *health, enum health_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void health_add(struct health *health, enum health_level level, const char *format, ...)
{
	struct health_problem *problems =
	    reallocarray(health->problems, health->problem_count + 1, sizeof(*problems));
	char *text;
	va_list arguments;

	if (health->level < level)
		health->level = level;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (problems)
		health->problems = problems;
	if (!problems || !text) {
		health->is_incomplete = true;
		free(text);
		return;
	}
	problems[health->problem_count++] =
	    (struct health_problem) { .level = level, .text = text };
}

static void health_summarise(struct health *health, enum health_level level, const char *format,
			     ...) __attribute__((format(printf, 3, 4)));

static void health_summarise(struct health *health, enum health_level level, const char *format,
			     ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&health->summary, format, arguments) < 0)
		health->summary = NULL;
	va_end(arguments);
	health->is_incomplete |= !health->summary;
	health->protection = level;
	if (health->level < level)
		health->level = level;
}

static const char *member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool member_is(const json_t *object, const char *key, const char *value)
{
	return !strcmp(member_text(object, key), value);
}

/* ---- interfaces ------------------------------------------------------------ */

/* "eth0 (native)" or "eth0, eth1, eth2 and 3 more"; to be freed. NULL: out of memory. */
static char *interface_names(const json_t *interfaces, bool is_attached, size_t *ret_count)
{
	const json_t *interface;
	const char *mode = "";
	char *names = NULL;
	size_t size, count = 0, i;
	FILE *stream = open_memstream(&names, &size);

	*ret_count = 0;
	if (!stream)
		return NULL;
	json_array_foreach(interfaces, i, interface)
	{
		if (json_is_true(json_object_get(interface, "attached")) != is_attached)
			continue;
		if (count++ >= NAMES_MAX)
			continue;
		fprintf(stream, "%s%s", count > 1 ? ", " : "", member_text(interface, "name"));
		mode = member_text(interface, "xdp_mode");
	}
	if (is_attached && count == 1 && *mode)
		fprintf(stream, " (%s)", mode);
	if (count > NAMES_MAX)
		fprintf(stream, " and %zu more", count - NAMES_MAX);
	*ret_count = count;
	return fclose(stream) ? NULL : names;
}

static bool has_marks(const json_t *status)
{
	const json_t *list;
	size_t i;

	json_array_foreach(json_object_get(status, "lists"), i,
			   list) if (json_is_integer(json_object_get(list, "mark"))) return true;
	return false;
}

static void judge_interfaces(struct health *health, const json_t *status, bool is_any_attached)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(status, "interfaces"), i, interface)
	{
		const char *name = member_text(interface, "name");
		const char *error = member_text(interface, "error");

		if (!json_is_true(json_object_get(interface, "attached")))
			health_add(health, is_any_attached ? HEALTH_WARNING : HEALTH_CRITICAL,
				   "ipwl is not attached to %s%s%s", name, *error ? ": " : "",
				   error);
		else if (*error)
			health_add(health, HEALTH_WARNING, "%s: %s", name, error);
		else if (member_is(interface, "marking", "uncertain") && has_marks(status))
			health_add(health, HEALTH_WARNING,
				   "%s: another tc program may keep packets from being marked",
				   name);
	}
}

/* ---- protection ------------------------------------------------------------ */

/* Whether a block list that drops has entries. */
static bool has_dropping_list(const json_t *status)
{
	const json_t *list;
	size_t i;

	json_array_foreach(json_object_get(status, "lists"), i, list)
	{
		if (member_is(list, "action", "block") && member_is(list, "mode", "enforce") &&
		    json_integer_value(json_object_get(list, "ipv4_entries")) +
			json_integer_value(json_object_get(list, "ipv6_entries")))
			return true;
	}
	return false;
}

static void judge_attached(struct health *health, const json_t *status, const char *attached,
			   const char *missing)
{
	const char *suspended = member_text(status, "suspended");

	if (*suspended) {
		health_summarise(
		    health, HEALTH_CRITICAL,
		    "mail is not protected: enforcement is suspended, nothing is dropped");
		health_add(health, HEALTH_CRITICAL, "enforcement is suspended: %s", suspended);
	} else if (!member_is(status, "mode_in_force", "enforce")) {
		health_summarise(health, HEALTH_WARNING,
				 "mail is not protected: monitor mode on %s drops nothing",
				 attached);
	} else if (*missing) {
		health_summarise(health, HEALTH_WARNING, "mail is protected on %s, but not on %s",
				 attached, missing);
	} else if (!has_dropping_list(status)) {
		health_summarise(health, HEALTH_OK,
				 "ipwl enforces on %s, but no block list drops anything", attached);
	} else {
		health_summarise(health, HEALTH_OK, "mail is protected: ipwl enforces on %s",
				 attached);
	}
}

static void judge_stopped(struct health *health, const json_t *status, const char *attached,
			  bool is_any_attached)
{
	if (!is_any_attached)
		health_summarise(
		    health, HEALTH_CRITICAL,
		    "mail is not protected: ipwld is not running, nothing is attached");
	else if (member_is(status, "mode_in_force", "enforce"))
		health_summarise(health, HEALTH_CRITICAL,
				 "ipwld is not running; still attached to %s and dropping",
				 attached);
	else
		health_summarise(health, HEALTH_CRITICAL,
				 "ipwld is not running; still attached to %s and %s", attached,
				 member_is(status, "mode_in_force", "monitor") ? "counting"
									       : "deciding");
	if (is_any_attached)
		health_add(health, HEALTH_CRITICAL,
			   "entries do not expire and lists are not reloaded; to let everything "
			   "through: ipwlctl detach");
}

static void judge_protection(struct health *health, const json_t *status)
{
	const json_t *interfaces = json_object_get(status, "interfaces");
	size_t attached_count, missing_count;
	char *attached = interface_names(interfaces, true, &attached_count);
	char *missing = interface_names(interfaces, false, &missing_count);

	if (!attached || !missing) {
		health->is_incomplete = true;
	} else if (json_is_false(json_object_get(status, "running"))) {
		judge_stopped(health, status, attached, attached_count > 0);
	} else if (json_is_true(json_object_get(status, "detached"))) {
		health_summarise(
		    health, HEALTH_CRITICAL,
		    "mail is not protected: ipwl is detached (`ipwlctl reload' attaches it)");
	} else if (!attached_count && !missing_count) {
		health_summarise(health, HEALTH_CRITICAL,
				 "mail is not protected: the configuration names no interfaces");
	} else if (!attached_count) {
		health_summarise(health, HEALTH_CRITICAL,
				 "mail is not protected: ipwl is not attached to %s", missing);
	} else {
		judge_attached(health, status, attached, missing);
	}
	if (!json_is_true(json_object_get(status, "detached")))
		judge_interfaces(health, status, attached_count > 0);
	free(attached);
	free(missing);
}

/* ---- the rest -------------------------------------------------------------- */

static void judge_lanes(struct health *health, const json_t *lanes)
{
	const json_t *lane;
	size_t i;

	json_array_foreach(lanes, i, lane)
	{
		if (json_is_false(json_object_get(lane, "up")))
			health_add(health, HEALTH_WARNING,
				   "list %s: the lane %s is off, mail takes the normal way: %s",
				   member_text(lane, "list"), member_text(lane, "address"),
				   member_text(lane, "problem"));
	}
}

static void judge_rejects(struct health *health, const json_t *rejects)
{
	const json_t *reject;
	size_t i;

	json_array_foreach(rejects, i, reject)
	{
		if (json_is_false(json_object_get(reject, "up")))
			health_add(health, HEALTH_WARNING,
				   "list %s: ipwl-reject at %s is off, blocked connections are "
				   "dropped: %s",
				   member_text(reject, "list"), member_text(reject, "address"),
				   member_text(reject, "problem"));
	}
}

static void judge_flood(struct health *health, const json_t *flood)
{
	if (!strcmp(member_text(flood, "syncookies"), "never"))
		health_add(
		    health, HEALTH_WARNING,
		    "flood: the kernel gives no SYN cookies, so the shield cannot answer: set "
		    "net.ipv4.tcp_syncookies to 1 or 2");
	if (json_is_true(json_object_get(flood, "active")))
		health_add(
		    health, HEALTH_WARNING,
		    "a flood of SYNs: more than %lld a second from sources in no allow list%s",
		    (long long)json_integer_value(json_object_get(flood, "threshold")),
		    !strcmp(member_text(flood, "mode_in_force"), "enforce")
			? "; they are answered with cookies"
			: "; the shield only counts them (mode monitor)");
}

static void judge_reload(struct health *health, const json_t *reload)
{
	const json_t *errors = json_object_get(reload, "errors");
	const char *held = member_text(reload, "held");
	const char *first = json_string_value(json_array_get(errors, 0));

	if (*held)
		health_add(health, HEALTH_WARNING, "the last reload is held: %s", held);
	else if (json_is_false(json_object_get(reload, "successful")))
		health_add(health, HEALTH_WARNING,
			   "the last reload failed, the configuration before stays in force%s%s",
			   first ? ": " : "", first ? first : "");
}

static void judge_exports(struct health *health, const json_t *exports)
{
	const json_t *export;
	size_t i;

	json_array_foreach(exports, i, export)
	{
		if (json_is_false(json_object_get(export, "successful")))
			health_add(health, HEALTH_WARNING, "the export %s is not up to date: %s",
				   member_text(export, "path"), member_text(export, "error"));
	}
}

static void judge_learning(struct health *health, const json_t *learn)
{
	if (json_is_true(json_object_get(learn, "failing")))
		health_add(health, HEALTH_WARNING,
			   "learn.db cannot be used, so nothing new is learned: see the log");
	if (json_integer_value(json_object_get(learn, "held")) > 0)
		health_add(health, HEALTH_WARNING,
			   "a limit holds learned addresses: see `ipwlctl learn list'");
}

static void judge_feeds(struct health *health, const json_t *feeds)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(feeds, "held"), i, name) health_add(
	    health, HEALTH_WARNING, "a new copy of the feed %s is held back: see `ipwlctl feeds'",
	    json_is_string(name) ? json_string_value(name) : "?");
	json_array_foreach(json_object_get(feeds, "missing"), i, name)
	    health_add(health, HEALTH_WARNING, "the feed %s has no copy: see `ipwlctl feeds'",
		       json_is_string(name) ? json_string_value(name) : "?");
}

/* One line, because one resolver that fails concerns all of them. */
static void judge_domains(struct health *health, const json_t *names, const char *one,
			  const char *many)
{
	const size_t count = json_array_size(names);
	const json_t *first = json_array_get(names, 0);

	if (count == 1)
		health_add(health, HEALTH_WARNING, "the domain %s %s: see `ipwlctl domains'",
			   json_is_string(first) ? json_string_value(first) : "?", one);
	else if (count)
		health_add(health, HEALTH_WARNING, "%zu domains %s: see `ipwlctl domains'", count,
			   many);
}

static void judge_all_domains(struct health *health, const json_t *domains)
{
	judge_domains(health, json_object_get(domains, "held"),
		      "has new addresses that are held back",
		      "have new addresses that are held back");
	judge_domains(health, json_object_get(domains, "missing"), "has no addresses yet",
		      "have no addresses yet");
	judge_domains(health, json_object_get(domains, "gone"), "has no record any more",
		      "have no record any more");
}

static void judge_expiring(struct health *health, const json_t *expiring)
{
	const json_int_t count = json_integer_value(json_object_get(expiring, "entries"));

	if (count > 0)
		health_add(health, HEALTH_WARNING,
			   "%lld allow %s in use %s within 7 days, the first at %s: see `ipwlctl "
			   "lint --check expiring'",
			   (long long)count, plural((uint64_t)count, "entry", "entries"),
			   plural((uint64_t)count, "expires", "expire"),
			   member_text(expiring, "next_at"));
}

static void judge_mail_log(struct health *health, const json_t *mail_log)
{
	const char *problem = member_text(mail_log, "problem");

	if (*problem)
		health_add(health, HEALTH_WARNING, "nothing is learned from the mail log: %s",
			   problem);
	else if (json_is_true(json_object_get(mail_log, "silent")))
		health_add(health, HEALTH_WARNING,
			   "nothing is learned from the mail log: %s has had no line of the mail "
			   "server for a day",
			   member_text(mail_log, "source"));
}

static void judge_sessions(struct health *health, const json_t *sessions)
{
	const char *problem = member_text(sessions, "problem");

	if (*problem && !strcmp(member_text(sessions, "mode"), "on"))
		health_add(health, HEALTH_WARNING, "SMTP sessions %s: %s",
			   json_is_true(json_object_get(sessions, "attached")) ? "may be missed"
									       : "are not counted",
			   problem);
}

/* A zone that has not been checked yet has no problem. */
static void judge_rescue(struct health *health, const json_t *rescue)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(rescue, i, zone)
	{
		if (*member_text(zone, "problem"))
			health_add(health, HEALTH_WARNING,
				   "blocked senders are not looked up in %s: %s",
				   member_text(zone, "zone"), member_text(zone, "problem"));
	}
}

static void judge_seen(struct health *health, const json_t *seen)
{
	if (json_is_true(json_object_get(seen, "failing")))
		health_add(health, HEALTH_WARNING,
			   "attempts of senders are not stored: the log says why; mail is not "
			   "affected");
}

int health_judge(struct health *health, const json_t *status)
{
	const json_t *state = json_object_get(status, "state");
	const char *error = member_text(state, "error");

	*health = (struct health) { .level = HEALTH_OK };
	judge_protection(health, status);
	/* Lost entries are told of once. */
	if (json_is_false(json_object_get(state, "ok")) &&
	    strcmp(error, member_text(status, "suspended")) != 0)
		health_add(health, HEALTH_WARNING, "%s", error);
	judge_reload(health, json_object_get(status, "reload"));
	judge_lanes(health, json_object_get(status, "lanes"));
	judge_rejects(health, json_object_get(status, "rejects"));
	judge_flood(health, json_object_get(status, "flood"));
	judge_exports(health, json_object_get(status, "exports"));
	judge_feeds(health, json_object_get(status, "feeds"));
	judge_all_domains(health, json_object_get(status, "domains"));
	judge_learning(health, json_object_get(status, "learn"));
	judge_expiring(health, json_object_get(status, "expiring_in_use"));
	judge_mail_log(health, json_object_get(status, "mail_log"));
	judge_sessions(health, json_object_get(status, "sessions"));
	judge_rescue(health, json_object_get(status, "rescue"));
	judge_seen(health, json_object_get(status, "seen"));
	if (!health->is_incomplete)
		return 0;
	health_done(health);
	return -ENOMEM;
}

int health_fail(struct health *health, enum health_level level, const char *why)
{
	*health = (struct health) { .level = level };
	health_summarise(health, level, "%s", why);
	return health->is_incomplete ? -ENOMEM : 0;
}

void health_done(struct health *health)
{
	for (size_t i = 0; i < health->problem_count; i++)
		free(health->problems[i].text);
	free(health->problems);
	free(health->summary);
	*health = (struct health) { 0 };
}
