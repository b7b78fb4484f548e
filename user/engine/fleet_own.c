/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host says to the fleet.
 *
 * A mark (store/fleet.h) tells where its entries have changed. A record is written only if it says
 * something new, so marks may be too many. If learning is off, it is not known which list the
 * learned entries belong to, so nothing is said of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/fleet_internal.h"
#include "engine/learning.h"
#include "store/learned_entries.h"
#include "store/protections.h"

/* ---- what is to be said -------------------------------------------------------------- */

/* What the origin is to say of a prefix, of one kind. */
struct saying {
	bool is_listed;
	struct fleet_record record; /* if it is listed */
	char author[FLEET_AUTHOR_BYTES_MAX + 1];
	char reason[FLEET_REASON_BYTES_MAX + 1];
	char only_hosts[FLEET_HOSTS_BYTES_MAX + 1];
	char not_hosts[FLEET_HOSTS_BYTES_MAX + 1];
};

/* Shorten text to what a record may have. Return: NULL: there is none. */
static const char *fit_text(const char *text, char *room, size_t bytes_max)
{
	size_t bytes = text ? strlen(text) : 0;

	if (!bytes)
		return NULL;
	if (bytes > bytes_max) {
		bytes = bytes_max;
		while (bytes && ((unsigned char)text[bytes] & 0xc0) == 0x80)
			bytes--;
	}
	memcpy(room, text, bytes);
	room[bytes] = '\0';
	utf8_sanitize(room, bytes);
	return room;
}

static const char *fit_hosts(const char *hosts, char *room)
{
	if (!hosts || !scope_are_hosts(hosts))
		return NULL;
	memcpy(room, hosts, strlen(hosts) + 1);
	return room;
}

static int say_manual(const struct state_entry *entry, void *context)
{
	struct saying *saying = context;
	struct fleet_record *record = &saying->record;

	if (entry->scope.is_local || policy_refuse_prefix(&entry->prefix, entry->action))
		return 0;
	saying->is_listed = true;
	record->kind = FLEET_MANUAL;
	record->action = entry->action;
	record->added_at_sec = entry->added_at_sec > 0 ? entry->added_at_sec : 0;
	record->expires_at_sec = entry->expires_at_sec > 0 ? entry->expires_at_sec : 0;
	record->author = fit_text(entry->author, saying->author, FLEET_AUTHOR_BYTES_MAX);
	record->reason = fit_text(entry->reason, saying->reason, FLEET_REASON_BYTES_MAX);
	record->scope.only_hosts = fit_hosts(entry->scope.only_hosts, saying->only_hosts);
	record->scope.not_hosts = fit_hosts(entry->scope.not_hosts, saying->not_hosts);
	return 0;
}

/* The rule is the author, so that an entry that was lost can return. */
static int say_learned(const struct learned_entry *entry, void *context)
{
	struct saying *saying = context;
	struct fleet_record *record = &saying->record;

	saying->is_listed = true;
	record->kind = FLEET_LEARNED;
	record->action = ACTION_ALLOW;
	record->added_at_sec = entry->added_at_sec > 0 ? entry->added_at_sec : 0;
	record->author = fit_text(entry->rule, saying->author, FLEET_AUTHOR_BYTES_MAX);
	record->reason = fit_text(entry->why, saying->reason, FLEET_REASON_BYTES_MAX);
	return 0;
}

/* It has the scope of its entry, and stays for as long as nobody ends it. */
static int say_protection(const char *author, const char *reason, int64_t at_sec, void *context)
{
	struct saying *saying = context;
	struct fleet_record *record = &saying->record;

	saying->is_listed = true;
	record->kind = FLEET_PROTECTIONS;
	record->added_at_sec = at_sec > 0 ? at_sec : 0;
	record->expires_at_sec = 0;
	record->author = fit_text(author, saying->author, FLEET_AUTHOR_BYTES_MAX);
	record->reason = fit_text(reason, saying->reason, FLEET_REASON_BYTES_MAX);
	return 0;
}

bool fleet_has_learned(const struct engine *engine, const char *list)
{
	const struct learn_settings *learn = learning_settings(engine);

	return learn->is_on && !strcmp(learn->list, list);
}

static int find_saying(struct engine *engine, const char *list, const struct prefix *prefix,
		       enum fleet_kind kind, struct saying *saying)
{
	int err;

	saying->is_listed = false;
	saying->record = (struct fleet_record) { .list = list, .prefix = *prefix, .kind = kind };
	/* Evidence is said by the review (fleet_evidence_say.c). */
	if (!fleet_publishes(engine, kind) || kind == FLEET_EVIDENCE)
		return 0;
	if (kind == FLEET_LEARNED)
		return learned_entry_find(engine->state, prefix, say_learned, saying);
	err = state_find(engine->state, list, prefix, say_manual, saying);
	if (err || kind == FLEET_MANUAL || !saying->is_listed)
		return err;
	saying->is_listed = false;
	return protection_find(engine->state, list, prefix, say_protection, saying);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same(const struct fleet_record *a, const struct fleet_record *b)
{
	return a->op == b->op && a->action == b->action && a->added_at_sec == b->added_at_sec &&
	       a->expires_at_sec == b->expires_at_sec && is_same_text(a->author, b->author) &&
	       is_same_text(a->reason, b->reason) &&
	       is_same_text(a->scope.only_hosts, b->scope.only_hosts) &&
	       is_same_text(a->scope.not_hosts, b->scope.not_hosts);
}

/* Whether what was said (or NULL) is something else. A tombstone of a host that did not know of
 * this entry took it from the others; if it is still here, it is protected. */
static bool is_news(const struct fleet_replica *replica, const struct saying *saying,
		    const struct fleet_record *said)
{
	const int64_t now_ms = time_now_ms();

	if (!saying->is_listed)
		return said && said->op == FLEET_ADD &&
		       !(said->expires_at_sec && said->expires_at_sec <= now_ms / 1000);
	if (!said || !is_same(&saying->record, said))
		return true;
	return said->kind == FLEET_MANUAL &&
	       !(said->expires_at_sec && said->expires_at_sec <= now_ms / 1000) &&
	       !fleet_replica_is_live(replica, said, now_ms);
}

const struct fleet_record *fleet_said_of(const struct engine *engine, const char *list,
					 const struct prefix *prefix, enum fleet_kind kind)
{
	const struct fleet_replica *replica = engine->fleet->replica;

	return fleet_replica_find(replica, fleet_replica_self(replica), list, prefix, kind);
}

int fleet_says(struct engine *engine, const struct fleet_record *record, bool *ret_says)
{
	struct saying saying;
	int err = find_saying(engine, record->list, &record->prefix, record->kind, &saying);

	if (!err)
		*ret_says = saying.is_listed && is_same(&saying.record, record);
	return err;
}

/* ---- say it ------------------------------------------------------------------------------ */

static int write_saying(struct engine *engine, const struct saying *saying,
			const struct fleet_record *said)
{
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	struct engine_fleet *fleet = engine->fleet;
	struct fleet_record record = saying->is_listed ? saying->record : *said;
	int err;

	if (!saying->is_listed)
		record.op = FLEET_END;
	err = fleet_replica_write(fleet->replica, &keeper, &record, time_now_ms());
	if (err)
		return err;
	said = fleet_said_of(engine, saying->record.list, &saying->record.prefix, record.kind);
	return fleet_records_add(&fleet->written, said);
}

static int write_place(struct engine *engine, const char *list, const struct prefix *prefix,
		       enum fleet_kind kind)
{
	const struct fleet_record *said = fleet_said_of(engine, list, prefix, kind);
	struct saying saying;
	int err = find_saying(engine, list, prefix, kind, &saying);

	if (err || !is_news(engine->fleet->replica, &saying, said))
		return err;
	return write_saying(engine, &saying, said);
}

struct marks {
	struct mark {
		char list[POLICY_NAME_MAX + 1];
		struct prefix prefix;
	} * items;
	size_t count;
};

static int collect_mark(const char *list, const struct prefix *prefix, void *context)
{
	struct marks *marks = context;
	struct mark *mark = &marks->items[marks->count++];

	strncpy(mark->list, list, sizeof(mark->list) - 1);
	mark->list[sizeof(mark->list) - 1] = '\0';
	mark->prefix = *prefix;
	return 0;
}

static int write_mark(struct engine *engine, const struct mark *mark)
{
	int err = write_place(engine, mark->list, &mark->prefix, FLEET_MANUAL);

	if (!err)
		err = write_place(engine, mark->list, &mark->prefix, FLEET_PROTECTIONS);
	if (!err && fleet_has_learned(engine, mark->list))
		err = write_place(engine, mark->list, &mark->prefix, FLEET_LEARNED);
	if (!err && !fleet_publishes(engine, FLEET_EVIDENCE))
		err = write_place(engine, mark->list, &mark->prefix, FLEET_EVIDENCE);
	return err ? err : fleet_mark_delete(engine->state, mark->list, &mark->prefix);
}

int fleet_write_marked(struct engine *engine, size_t count_max, size_t *ret_count)
{
	struct marks marks = { .items = calloc(count_max, sizeof(*marks.items)) };
	int err = marks.items ? fleet_marks_read(engine->state, count_max, collect_mark, &marks)
			      : -ENOMEM;

	for (size_t i = 0; i < marks.count && !err; i++)
		err = write_mark(engine, &marks.items[i]);
	free(marks.items);
	if (!err)
		*ret_count = marks.count;
	return err;
}

/* ---- differences ---------------------------------------------------------------------------- */

/* Mark a prefix if what this host lists is not what it has said. */
static int mark_place(struct engine *engine, const char *list, const struct prefix *prefix,
		      enum fleet_kind kind)
{
	struct saying saying;
	int err = find_saying(engine, list, prefix, kind, &saying);

	if (err ||
	    !is_news(engine->fleet->replica, &saying, fleet_said_of(engine, list, prefix, kind)))
		return err;
	return fleet_mark_put(engine->state, list, prefix);
}

static int mark_manual(const struct state_entry *entry, void *context)
{
	return mark_place(context, entry->list, &entry->prefix, FLEET_MANUAL);
}

static int mark_protection(const char *list, const struct prefix *prefix, void *context)
{
	return mark_place(context, list, prefix, FLEET_PROTECTIONS);
}

static int mark_learned(const struct learned_entry *entry, void *context)
{
	struct engine *engine = context;

	return mark_place(engine, learning_settings(engine)->list, &entry->prefix, FLEET_LEARNED);
}

static int mark_said(const struct fleet_record *record, bool is_held, void *context)
{
	struct engine *engine = context;

	if (is_held || record->op != FLEET_ADD ||
	    strcmp(record->origin, fleet_replica_self(engine->fleet->replica)) != 0 ||
	    (record->kind == FLEET_LEARNED && !fleet_has_learned(engine, record->list)) ||
	    (record->kind == FLEET_EVIDENCE && fleet_publishes(engine, FLEET_EVIDENCE)))
		return 0;
	return mark_place(engine, record->list, &record->prefix, record->kind);
}

int fleet_mark_differences(struct engine *engine)
{
	int err = state_begin(engine->state);

	if (!err)
		err = state_read(engine->state, mark_manual, NULL, engine);
	if (!err)
		err = protections_read(engine->state, mark_protection, engine);
	if (!err && learning_settings(engine)->is_on)
		err = learned_entries_read(engine->state, mark_learned, engine);
	return err ? err : fleet_replica_walk(engine->fleet->replica, mark_said, engine);
}
