/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads feeds from their copies, and gives their entries to lists. Never uses the network. */
#include "feeds/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/own_addresses.h"

size_t feed_entry_count(const struct entry_set *set)
{
	return set ? set->entry_counts[FAMILY_IPV4] + set->entry_counts[FAMILY_IPV6] : 0;
}

static const char *feed_word(const struct stored_feed *feed)
{
	return feed_kinds[feed->config->kind].word;
}

/* ---- load --------------------------------------------------------------- */

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

/* Copy everything except the bytes. */
static int copy_about(const struct feed_copy *from, struct feed_copy *to)
{
	*to = *from;
	to->bytes = NULL;
	to->url = to->etag = to->last_modified = to->shared = NULL;
	if (copy_text(from->url, &to->url) || copy_text(from->etag, &to->etag) ||
	    copy_text(from->last_modified, &to->last_modified) ||
	    copy_text(from->shared, &to->shared)) {
		feed_copy_done(to);
		return -ENOMEM;
	}
	return 0;
}

static void forget_bytes(struct feed_copy *copy)
{
	free(copy->bytes);
	copy->bytes = NULL;
}

/* Whether both configurations turn the same bytes into the same entries. */
static bool is_read_alike(const struct feed_config *a, const struct feed_config *b)
{
	for (int space = 0; space < FEED_SPACE_COUNT; space++)
		if (a->guards.spaces[space] != b->guards.spaces[space])
			return false;
	return a->action == b->action && a->is_learned == b->is_learned && a->shared == b->shared &&
	       a->format == b->format && a->skips_errors == b->skips_errors &&
	       a->host_bits == b->host_bits && a->min_trust == b->min_trust &&
	       select_is_equal(&a->select, &b->select);
}

static int share(const struct stored_feed *old, struct stored_feed *feed)
{
	if (copy_about(&old->copy, &feed->copy) || copy_text(old->trouble, &feed->trouble))
		return -ENOMEM;
	feed->set = old->set ? entry_set_ref(old->set) : NULL;
	feed->shared = old->shared ? entry_set_ref(old->shared) : NULL;
	feed->skipped_count = old->skipped_count;
	lines_copy(&feed->notes, &old->notes, old->notes.count);
	lines_copy(&feed->foreign, &old->foreign, old->foreign.count);
	memcpy(feed->cut_counts, old->cut_counts, sizeof(feed->cut_counts));
	feed->format = old->format;
	return 0;
}

void stored_feed_take(struct stored_feed *feed, struct feed_body *body)
{
	entry_set_unref(feed->set);
	entry_set_unref(feed->shared);
	feed->set = body->set;
	feed->shared = body->shared;
	body->set = body->shared = NULL;
	lines_done(&feed->notes);
	lines_done(&feed->foreign);
	feed->notes = body->notes;
	feed->foreign = body->foreign;
	body->notes = body->foreign = (struct lines) { 0 };
	feed->skipped_count = body->result.bad_line_count + format_skipped_count(&body->result);
	memcpy(feed->cut_counts, body->cut_counts, sizeof(feed->cut_counts));
	feed->format = body->result.format;
}

static void __attribute__((format(printf, 3, 4)))
note_trouble(struct stored_feed *feed, struct lines *warnings, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	free(feed->trouble);
	feed->trouble = text;
	lines_add(warnings, "%s %s: %s", feed_word(feed), feed->config->name,
		  text ? text : strerror(ENOMEM));
}

/* Read the copy in force. Return: 0, even if there is none or it cannot be used; -ENOMEM. */
static int load_copy(const char *directory, struct stored_feed *feed, struct lines *warnings)
{
	char error[FEED_COPY_ERROR_BYTES];
	struct lines details = { 0 };
	struct feed_body body;
	int err = feed_copy_read(directory, feed->config->name, COPY_IN_FORCE, &feed->copy, error);

	if (err == -ENOENT)
		return 0;
	if (err) {
		note_trouble(feed, warnings,
			     "%s: its entries are missing until it is fetched again", error);
		return err == -ENOMEM ? err : 0;
	}
	err = feed_parse(feed->config, &feed->copy, &body, &details);
	forget_bytes(&feed->copy);
	if (err == -EINVAL) {
		note_trouble(feed, warnings, "cannot read its stored copy: %s",
			     details.count ? details.items[0] : "?");
		feed_copy_done(&feed->copy);
	}
	stored_feed_take(feed, &body);
	lines_done(&details);
	return err == -ENOMEM ? err : 0;
}

void feed_store_guard(const struct snapshot *owner, const struct stored_feed *feed,
		      const struct feed_body *body, struct lines *ret_reasons)
{
	struct feed_guards guards = feed->config->guards;
	struct prefixes own = { 0 };
	struct prefix *addresses = NULL;
	struct feed_candidate candidate = {
		.action = feed->config->action,
		.list = policy_find_list(owner->policy, feed->config->list_name),
		.before = feed->set,
		.after = body->set,
		.is_cut = format_is_cut(&body->result),
		.declared_count = body->result.declared_count,
		.record_count = body->result.record_count,
		.protected = { owner->config->protected, owner->config->protected_count },
	};
	int err = own_addresses(&addresses, &own.count);

	own.items = addresses;
	candidate.own = own;
	guards.may_be_empty |= body->is_gone;
	feed_guards_check(&guards, &candidate, ret_reasons);
	if (err && feed->config->action == ACTION_BLOCK &&
	    feed->config->guards.spaces[FEED_SPACE_OWN] != SPACE_TAKE)
		lines_add(ret_reasons, "cannot determine this host's own addresses: %s",
			  strerror(-err));
	free(addresses);
}

/* Judge the copy that is held back again, because the guards may have changed. */
static int load_held(const struct snapshot *owner, const char *directory, struct stored_feed *feed,
		     struct lines *warnings)
{
	char error[FEED_COPY_ERROR_BYTES];
	struct lines details = { 0 };
	struct feed_body body = { 0 };
	int err = feed_copy_read(directory, feed->config->name, COPY_HELD, &feed->held, error);

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = feed_parse(feed->config, &feed->held, &body, &details);
	else if (err != -ENOMEM)
		lines_add(warnings, "%s %s: the copy held back is lost: %s", feed_word(feed),
			  feed->config->name, error);
	forget_bytes(&feed->held);
	if (err) {
		feed_copy_done(&feed->held);
	} else {
		feed->held_entry_count = feed_entry_count(body.set);
		feed_store_guard(owner, feed, &body, &feed->held_reasons);
		if (!feed->held_reasons.count)
			lines_add(
			    &feed->held_reasons,
			    "no guard would hold it back now: refresh the %s or accept the copy",
			    feed_word(feed));
	}
	feed_body_done(&body);
	lines_done(&details);
	return err == -ENOMEM ? err : 0;
}

/* A damaged one only begins anew. */
static int load_gone(const char *directory, const struct stored_feed *old, struct stored_feed *feed)
{
	char error[FEED_COPY_ERROR_BYTES];
	int err = feed_copy_read(directory, feed->config->name, COPY_GONE, &feed->gone, error);

	forget_bytes(&feed->gone);
	if (old && feed->gone.url)
		feed->gone_count = old->gone_count;
	return err == -ENOMEM ? err : 0;
}

static int load_feed(const struct snapshot *owner, const char *directory,
		     const struct stored_feed *old, bool rereads, struct stored_feed *feed,
		     struct lines *warnings)
{
	const bool is_usable = old && old->set && old->config->action == feed->config->action;
	int err;

	if (is_usable && !rereads && is_read_alike(old->config, feed->config) &&
	    !feed_is_own_uncut(feed->config, &old->copy, old->set))
		err = share(old, feed);
	else
		err = load_copy(directory, feed, warnings);
	if (!err && !feed->set && is_usable) {
		/* Entries that were read with the old settings are better than none. */
		free(feed->trouble);
		feed->trouble = NULL;
		err = share(old, feed);
	}
	if (!err)
		err = load_held(owner, directory, feed, warnings);
	return err ? err : load_gone(directory, old, feed);
}

struct feed_store *feed_store_load(enum feed_kind kind, const struct snapshot *owner,
				   const struct feed_store *old, bool rereads,
				   struct lines *warnings)
{
	const struct feed_configs configs = snapshot_feeds(owner, kind);
	struct feed_store *store = calloc(1, sizeof(*store));
	int err = -ENOMEM;

	if (!store)
		return NULL;
	store->kind = kind;
	store->directory = feed_copy_directory(owner->config->state_dir, kind);
	store->items = calloc(configs.count + 1, sizeof(*store->items));
	if (store->directory && store->items)
		err = 0;
	for (size_t i = 0; i < configs.count && !err; i++) {
		struct stored_feed *feed = &store->items[store->count++];

		feed->config = &configs.items[i];
		err = load_feed(owner, store->directory,
				old ? feed_store_find(old, feed->config->name) : NULL, rereads,
				feed, warnings);
	}
	if (!err)
		return store;
	feed_store_free(store);
	return NULL;
}

void feed_store_free(struct feed_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->count; i++) {
		struct stored_feed *feed = &store->items[i];

		feed_copy_done(&feed->copy);
		entry_set_unref(feed->set);
		entry_set_unref(feed->shared);
		free(feed->trouble);
		feed_copy_done(&feed->held);
		lines_done(&feed->held_reasons);
		lines_done(&feed->notes);
		lines_done(&feed->foreign);
		feed_copy_done(&feed->gone);
	}
	free(store->items);
	free(store->directory);
	free(store);
}

/* ---- use ---------------------------------------------------------------- */

struct stored_feed *feed_store_find(const struct feed_store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++) {
		if (!strcmp(store->items[i].config->name, name))
			return &store->items[i];
	}
	return NULL;
}

const struct stored_feed *feed_store_find_lost(const struct feed_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct stored_feed *feed = &store->items[i];

		if (feed->config->action == ACTION_ALLOW && !feed->config->is_silent &&
		    feed->trouble && !feed->set)
			return feed;
	}
	return NULL;
}

/* Join the sets of a list. A single set is shared instead. */
static int join(struct entry_set *const *sets, size_t count, struct entry_set **ret_set)
{
	struct entry_set *set = count > 1 ? entry_set_new() : NULL;
	int err = count > 1 && !set ? -ENOMEM : 0;

	for (size_t i = 0; i < count && count > 1 && !err; i++) {
		for (size_t j = 0; j < sets[i]->count && !err; j++)
			err = entry_set_add(set, &sets[i]->entries[j]);
	}
	if (err) {
		entry_set_unref(set);
		return err;
	}
	if (count > 1)
		entry_set_finish(set);
	*ret_set = count > 1 ? set : count ? entry_set_ref(sets[0]) : NULL;
	return 0;
}

/* Collect the sets of a list's feeds. @ret_sets has room for all. Return: whether @changed is
 * one of the feeds, or is NULL. */
static bool gather(const struct feed_store *store, const struct list *list,
		   const struct stored_feed *changed, struct entry_set *set,
		   struct entry_set **ret_sets, size_t *ret_count)
{
	bool is_concerned = !changed;

	*ret_count = 0;
	for (size_t i = 0; i < store->count; i++) {
		const struct stored_feed *feed = &store->items[i];
		const bool is_changed = changed && feed == changed;

		if (feed->config->is_silent || strcmp(feed->config->list_name, list->name) != 0)
			continue;
		is_concerned |= is_changed;
		ret_sets[*ret_count] = is_changed ? set : feed->set;
		*ret_count += ret_sets[*ret_count] != NULL;
	}
	return is_concerned;
}

/* Remove expired entries. They are no longer in force, and must not come back. */
static int forget_expired(const struct feed_store *store)
{
	const int64_t now_sec = time_now_sec();

	for (size_t i = 0; i < store->count; i++) {
		struct stored_feed *feed = &store->items[i];
		struct entry_set *set = feed->set;

		if (!set || !set->first_expiry_sec || set->first_expiry_sec > now_sec)
			continue;
		feed->set = entry_set_unexpired(set, now_sec);
		if (!feed->set) {
			feed->set = set;
			return -ENOMEM;
		}
		entry_set_unref(set);
	}
	return 0;
}

int feed_store_fill(const struct feed_store *store, struct policy *policy,
		    const struct stored_feed *changed, struct entry_set *set)
{
	struct entry_set **sets = calloc(store->count + 1, sizeof(struct entry_set *));
	int err = sets ? forget_expired(store) : -ENOMEM;

	for (size_t i = 0; i < policy->list_count && !err; i++) {
		struct list *list = &policy->lists[i];
		struct entry_set *joined = NULL;
		size_t count;

		/* Other lists keep sharing their sets. */
		if (!gather(store, list, changed, set, sets, &count))
			continue;
		err = join(sets, count, &joined);
		if (!err)
			list_replace_set(list, feed_kinds[store->kind].source, joined);
	}
	free(sets);
	return err;
}

/* ---- report ------------------------------------------------------------- */

int stored_feed_report(const struct stored_feed *feed, struct feed_report *ret_report)
{
	const struct feed_copy *newest = feed->held.url ? &feed->held : &feed->copy;
	struct feed_report report = {
		.has_copy = feed->copy.url,
		.is_learned = feed->config->is_learned,
		.fetched_at_sec = feed->copy.fetched_at_sec,
		.checked_at_sec = feed->copy.checked_at_sec,
		.entry_count = feed_entry_count(feed->set),
		.skipped_count = feed->skipped_count,
		.format = feed->copy.url ? format_names[feed->format] : NULL,
		.gone_since_sec = feed->gone.url ? feed->gone.fetched_at_sec : 0,
		.is_held = feed->held.url,
		.held_at_sec = feed->held.fetched_at_sec,
		.held_entry_count = feed->held_entry_count,
	};

	memcpy(report.cut_counts, feed->cut_counts, sizeof(report.cut_counts));
	lines_copy(&report.held_reasons, &feed->held_reasons, feed->held_reasons.count);
	lines_copy(&report.notes, &feed->notes, FEED_NOTES_MAX);
	if (copy_text(feed->config->name, &report.name) ||
	    copy_text(feed->trouble, &report.trouble) || copy_text(newest->url, &report.url) ||
	    copy_text(newest->etag, &report.etag) ||
	    copy_text(newest->last_modified, &report.last_modified)) {
		feed_report_done(&report);
		return -ENOMEM;
	}
	*ret_report = report;
	return 0;
}

int feed_store_report(const struct feed_store *store, struct feed_reports *ret_reports)
{
	struct feed_reports reports = { calloc(store->count + 1, sizeof(*reports.items)), 0 };
	int err = reports.items ? 0 : -ENOMEM;

	for (size_t i = 0; i < store->count && !err; i++) {
		err = stored_feed_report(&store->items[i], &reports.items[i]);
		reports.count += !err;
	}
	if (err)
		feed_reports_done(&reports);
	else
		*ret_reports = reports;
	return err;
}
