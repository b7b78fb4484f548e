/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host says to the fleet, and its own entries if the fleet says something of them.
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

/* What the origin is to say of a prefix by one source. */
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
	record->source = SOURCE_MANUAL;
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
	record->source = SOURCE_LEARNED;
	record->action = ACTION_ALLOW;
	record->added_at_sec = entry->added_at_sec > 0 ? entry->added_at_sec : 0;
	record->author = fit_text(entry->rule, saying->author, FLEET_AUTHOR_BYTES_MAX);
	record->reason = fit_text(entry->why, saying->reason, FLEET_REASON_BYTES_MAX);
	return 0;
}

static bool has_learned(const struct engine *engine, const char *list)
{
	const struct learn_settings *learn = learning_settings(engine);

	return learn->is_on && !strcmp(learn->list, list);
}

static int find_saying(struct engine *engine, const char *list, const struct prefix *prefix,
		       enum source source, struct saying *saying)
{
	saying->is_listed = false;
	saying->record =
	    (struct fleet_record) { .list = list, .prefix = *prefix, .source = source };
	if (!fleet_settings_of(engine)->publishes[source])
		return 0;
	return source == SOURCE_MANUAL
		   ? state_find(engine->state, list, prefix, say_manual, saying)
		   : learned_entry_find(engine->state, prefix, say_learned, saying);
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
	return said->source == SOURCE_MANUAL &&
	       !(said->expires_at_sec && said->expires_at_sec <= now_ms / 1000) &&
	       !fleet_replica_is_live(replica, said, now_ms);
}

static const struct fleet_record *said_of(const struct engine *engine, const char *list,
					  const struct prefix *prefix, enum source source)
{
	const struct fleet_replica *replica = engine->fleet->replica;

	return fleet_replica_find(replica, fleet_replica_self(replica), list, prefix, source);
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
	said = said_of(engine, saying->record.list, &saying->record.prefix, record.source);
	return fleet_records_add(&fleet->written, said);
}

static int write_place(struct engine *engine, const char *list, const struct prefix *prefix,
		       enum source source)
{
	const struct fleet_record *said = said_of(engine, list, prefix, source);
	struct saying saying;
	int err = find_saying(engine, list, prefix, source, &saying);

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
	int err = write_place(engine, mark->list, &mark->prefix, SOURCE_MANUAL);

	if (!err && has_learned(engine, mark->list))
		err = write_place(engine, mark->list, &mark->prefix, SOURCE_LEARNED);
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
		      enum source source)
{
	struct saying saying;
	int err = find_saying(engine, list, prefix, source, &saying);

	if (err || !is_news(engine->fleet->replica, &saying, said_of(engine, list, prefix, source)))
		return err;
	return fleet_mark_put(engine->state, list, prefix);
}

static int mark_manual(const struct state_entry *entry, void *context)
{
	return mark_place(context, entry->list, &entry->prefix, SOURCE_MANUAL);
}

static int mark_learned(const struct learned_entry *entry, void *context)
{
	struct engine *engine = context;

	return mark_place(engine, learning_settings(engine)->list, &entry->prefix, SOURCE_LEARNED);
}

static int mark_said(const struct fleet_record *record, bool is_held, void *context)
{
	struct engine *engine = context;

	if (is_held || record->op != FLEET_ADD ||
	    strcmp(record->origin, fleet_replica_self(engine->fleet->replica)) != 0 ||
	    (record->source == SOURCE_LEARNED && !has_learned(engine, record->list)))
		return 0;
	return mark_place(engine, record->list, &record->prefix, record->source);
}

int fleet_mark_differences(struct engine *engine)
{
	int err = state_begin(engine->state);

	if (!err)
		err = state_read(engine->state, mark_manual, NULL, engine);
	if (!err && learning_settings(engine)->is_on)
		err = learned_entries_read(engine->state, mark_learned, engine);
	return err ? err : fleet_replica_walk(engine->fleet->replica, mark_said, engine);
}

/* ---- follow ---------------------------------------------------------------------------------- */

static int begin_batch(struct manual_batch *batch)
{
	return batch->record.id ? 0 : manual_begin(batch);
}

struct finding {
	bool is_found;
	bool is_local;
	enum action action;
};

static int note_found(const struct state_entry *entry, void *context)
{
	*(struct finding *)context = (struct finding) { .is_found = true,
							.is_local = entry->scope.is_local,
							.action = entry->action };
	return 0;
}

static int note_learned(const struct learned_entry *entry, void *context)
{
	(void)entry;
	*(bool *)context = true;
	return 0;
}

/* The entry was lost with state.db, or restored from a backup as it was before. */
static int return_entry(struct engine *engine, struct manual_batch *batch,
			const struct fleet_record *record)
{
	const struct state_entry entry = { .list = record->list,
					   .action = record->action,
					   .prefix = record->prefix,
					   .reason = record->reason,
					   .author = record->author,
					   .added_at_sec = record->added_at_sec,
					   .expires_at_sec = record->expires_at_sec,
					   .scope = record->scope };
	struct saying saying;
	int err = find_saying(engine, record->list, &record->prefix, SOURCE_MANUAL, &saying);

	if (err || (saying.is_listed && is_same(&saying.record, record)) ||
	    protections_have(engine->protections, record->list, &record->prefix))
		return err;
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = true;
	return err ? err : manual_put(batch, &entry);
}

static int return_learned(struct engine *engine, struct manual_batch *batch,
			  const struct fleet_record *record)
{
	const struct learned_entry entry = { .prefix = record->prefix,
					     .rule = record->author,
					     .why = record->reason,
					     .added_at_sec = record->added_at_sec };
	bool is_found = false;
	int err;

	if (!record->author || !has_learned(engine, record->list))
		return 0;
	err = learned_entry_find(engine->state, &record->prefix, note_learned, &is_found);
	if (err || is_found)
		return err;
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = engine->learning->needs_follow = true;
	return err ? err : learned_entry_put(batch, record->list, &entry);
}

/* A protected entry stays, and this host says so again. */
static int remove_entry(struct engine *engine, struct manual_batch *batch,
			const struct fleet_record *record, const struct finding *finding)
{
	int err;

	if (protections_have(engine->protections, record->list, &record->prefix))
		return fleet_mark_put(engine->state, record->list, &record->prefix);
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = true;
	return err ? err : manual_delete(batch, record->list, finding->action, &record->prefix);
}

int fleet_follow(struct engine *engine, struct manual_batch *batch,
		 const struct fleet_record *record)
{
	const struct fleet_replica *replica = engine->fleet->replica;
	const bool is_own = !strcmp(record->origin, fleet_replica_self(replica));
	const struct fleet_record *said;
	struct finding finding = { 0 };
	int err;

	if (!is_own && record->op != FLEET_DEL)
		return 0;
	if (is_own && record->source == SOURCE_LEARNED)
		return record->op == FLEET_ADD &&
			       fleet_replica_is_live(replica, record, time_now_ms())
			   ? return_learned(engine, batch, record)
			   : 0;
	said = said_of(engine, record->list, &record->prefix, SOURCE_MANUAL);
	if (!said || !fleet_settings_of(engine)->publishes[SOURCE_MANUAL])
		return 0;
	err = state_find(engine->state, record->list, &record->prefix, note_found, &finding);
	if (err || finding.is_local)
		return err;
	if (fleet_replica_is_live(replica, said, time_now_ms()))
		return is_own ? return_entry(engine, batch, said) : 0;
	/* One that has expired is deleted by whoever deletes what has. */
	if (said->op == FLEET_ADD && said->expires_at_sec && said->expires_at_sec <= time_now_sec())
		return 0;
	if (!finding.is_found)
		return fleet_mark_put(engine->state, record->list, &record->prefix);
	if (finding.action != said->action)
		return 0;
	return remove_entry(engine, batch, record, &finding);
}
