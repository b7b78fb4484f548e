/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a fleet for tests. */
#ifndef UNIT_FLEET_FIXTURE_H
#define UNIT_FLEET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fleet/replica.h"

#define NOW_MS ((int64_t)1770000000 * 1000)

static const struct guard_limits any_limits = { .max_removed_entries = GUARD_NO_LIMIT,
						.max_removed_share = 100 };

static inline struct prefix fleet_prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static inline struct fleet_record fleet_add(const char *origin, const char *prefix,
					    uint64_t version)
{
	return (struct fleet_record) { .origin = origin,
				       .list = "partners",
				       .prefix = fleet_prefix(prefix),
				       .kind = FLEET_MANUAL,
				       .version = version,
				       .action = ACTION_ALLOW,
				       .added_at_sec = NOW_MS / 1000 };
}

static inline struct fleet_record fleet_remove(enum fleet_op op, const char *origin,
					       const char *prefix, uint64_t version)
{
	struct fleet_record record = fleet_add(origin, prefix, version);

	record.op = op;
	return record;
}

static inline int count_record(const struct fleet_record *record, void *context)
{
	(void)record;
	++*(size_t *)context;
	return 0;
}

/* How many records list the prefix now. */
static inline size_t live_count(const struct fleet_replica *replica, const char *prefix)
{
	const struct prefix place = fleet_prefix(prefix);
	size_t count = 0;

	assert_int_equal(
	    fleet_replica_live(replica, "partners", &place, NOW_MS, count_record, &count), 0);
	return count;
}

static inline struct fleet_taking take_records(struct fleet_replica *replica,
					       const struct guard_limits *limits, int64_t now_ms,
					       const struct fleet_record *records, size_t count)
{
	const struct fleet_record *pointers[256];
	struct fleet_taking taking;

	assert_true(count <= 256);
	for (size_t i = 0; i < count; i++)
		pointers[i] = &records[i];
	assert_int_equal(
	    fleet_replica_take(replica, NULL, pointers, count, limits, now_ms, &taking), 0);
	return taking;
}

static inline struct fleet_taking take_record(struct fleet_replica *replica,
					      struct fleet_record record)
{
	return take_records(replica, &any_limits, NOW_MS, &record, 1);
}

#endif
