/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `learn`: what ipwld has learned about senders, and an administrator's word on it. */
#include "ctl/learn.h"

#include <stdint.h>
#include <string.h>

#include "ctl/pages.h"

const struct column learned_columns[] = {
	{ "prefix", "ADDRESS", FORM_PLAIN },
	{ "state", "STATE", FORM_PLAIN },
	{ "in_force", NULL, FORM_PLAIN },
	{ "rule", "RULE", FORM_PLAIN | COLUMN_LEAVES(4) },
	{ "cause", NULL, FORM_PLAIN },
	{ "score", "SCORE", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "domain", NULL, FORM_PLAIN },
	{ "list", NULL, FORM_PLAIN },
	{ "since", "SINCE", FORM_TIME | COLUMN_LEAVES(2) },
	{ "added_at", NULL, FORM_PLAIN },
	{ "next_state", "NEXT", FORM_PLAIN | COLUMN_LEAVES(5) },
	{ "next_at", "NEXT AT", FORM_TIME | COLUMN_LEAVES(6) },
	{ "held", NULL, FORM_PLAIN },
	{ "why", "WHY", FORM_PLAIN | COLUMN_CUT },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column partner_columns[] = {
	{ "domain", "DOMAIN", FORM_PLAIN | COLUMN_NAME },
	{ "partner", "PARTNER", FORM_PLAIN },
	{ "state", "STATE", FORM_PLAIN },
	{ "in_force", NULL, FORM_PLAIN },
	{ "entries", "ENTRIES", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "since", NULL, FORM_PLAIN },
	{ "next_at", NULL, FORM_PLAIN },
	{ "held", NULL, FORM_PLAIN },
	{ "messages", "MESSAGES", FORM_NUMBER },
	{ "days", "DAYS", FORM_NUMBER },
	{ "users", "USERS", FORM_NUMBER },
	{ "addresses", "ADDRESSES", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "last_day", "LAST", FORM_PLAIN | COLUMN_LEAVES(2) },
	{ "never", "NEVER", FORM_PLAIN | COLUMN_CUT },
	{ NULL, NULL, FORM_PLAIN },
};

static enum ctl_exit learn_list(const struct arguments *arguments)
{
	const struct pages pages = { .path = "/v1/learn",
				     .key = "learned",
				     .columns = learned_columns,
				     .filter = { "state", arguments->options[LEARN_STATE] },
				     .none = "nothing has been learned yet",
				     .no_match = "no address is in this state" };

	return pages_show(arguments, &pages);
}

static enum ctl_exit learn_partners(const struct arguments *arguments)
{
	const struct pages pages = { .path = "/v1/learn/partners",
				     .key = "partners",
				     .columns = partner_columns,
				     .none = "no user has written to another domain yet" };

	return pages_show(arguments, &pages);
}

static const struct {
	const char *name;
	enum ctl_exit (*run)(const struct arguments *arguments);
	bool has_subjects;
	bool takes[COMMAND_OPTIONS_MAX];
} verbs[] = {
	{ "list", learn_list, false, { [LEARN_STATE] = true } },
	{ "accept", learn_change, true, { [LEARN_REASON] = true, [LEARN_YES] = true } },
	{ "reject", learn_change, true, { [LEARN_REASON] = true, [LEARN_YES] = true } },
	{ "forget", learn_change, true, { [LEARN_REASON] = true, [LEARN_YES] = true } },
	{ "backfill", learn_backfill, true, { 0 } },
	{ "simulate", learn_simulate, false, { [LEARN_SINCE] = true } },
	{ "partners", learn_partners, false, { 0 } },
};

static enum ctl_exit run_learn(const struct arguments *arguments)
{
	const char *name = arguments->positional[0];

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (verbs[i].has_subjects && arguments->positional_count < 2)
			return ctl_usage_error(
			    "learn", "%s needs %s", name,
			    verbs[i].run == learn_backfill ? "FILE" : "ADDRESS or DOMAIN");
		if (!verbs[i].has_subjects && arguments->positional_count > 1)
			return ctl_usage_error("learn", "unexpected argument \"%s\"",
					       arguments->positional[1]);
		for (size_t option = 0; command_learn.options[option].name; option++)
			if (arguments->options[option] && !verbs[i].takes[option])
				return ctl_usage_error("learn", "%s has no --%s", name,
						       command_learn.options[option].name);
		return verbs[i].run(arguments);
	}
	return ctl_usage_error("learn",
			       "unknown verb \"%s\": write list, accept, reject, forget, backfill, "
			       "simulate or partners",
			       name);
}

const struct command command_learn = {
	.name = "learn",
	.positional = "VERB [ADDRESS|DOMAIN|FILE...]",
	.positional_min = 1,
	.positional_max = SIZE_MAX,
	.summary = "show what was learned about senders; accept, reject or forget it",
	.description =
	    "list       show learned addresses, their state, and why\n"
	    "accept     put ADDRESS... in force now, or the SPF records of DOMAIN...\n"
	    "reject     take them out of force, and do not learn them for a long time\n"
	    "forget     take them out of force, and delete what is known about them\n"
	    "backfill   read the evidence in old logs: FILE... of the mail server, also .gz\n"
	    "simulate   show what the rules would have listed, and which of it sent spam\n"
	    "partners   show the domains that users write to, and whether they are learned",
	.options = { [LEARN_STATE] = { "state", "S",
				       "list: candidate, probation, active, at_risk or removed",
				       0 },
		     [LEARN_SINCE] = { "since", "TIME",
				       "simulate: since 2026-11-24, or since 30d ago (30d)", 0 },
		     [LEARN_REASON] = { "reason", "TEXT", "the reason, shown by history", 0 },
		     [LEARN_YES] = { "yes", NULL, "do not ask", 0 } },
	.run = run_learn,
};
