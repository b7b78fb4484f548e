/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All entry sources, and the walk over them. */
#include <errno.h>
#include <stdlib.h>

#include "engine/config.h"
#include "engine/feed_source.h"
#include "engine/fleet.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/manual.h"
#include "engine/protected.h"
#include "engine/rescue.h"
#include "engine/source.h"

/* The configuration first: it says which lists there are. */
static const struct entry_source *const sources[] = {
	&config_source, /* and list files */
	&manual_source, &rescue_source,
	&fleet_source,	&learned_source, /* before the feeds: it has domains that they fetch */
	&feed_source,
};
#define SOURCES (sizeof(sources) / sizeof(*sources))

static int sources_fill(struct engine *engine, struct source_reading *reading)
{
	for (size_t i = 0; i < SOURCES; i++) {
		int err = sources[i]->fill ? sources[i]->fill(engine, reading) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* The first reason counts. */
static int sources_suspend(const struct engine *engine, struct snapshot *next)
{
	for (size_t i = 0; i < SOURCES && !next->suspension; i++) {
		int err = sources[i]->lost ? sources[i]->lost(engine, &next->suspension) : 0;

		if (err)
			return err;
	}
	return 0;
}

int sources_read(struct engine *engine, struct source_reading *reading)
{
	int err;

	for (size_t i = 0; i < SOURCES; i++) {
		err = sources[i]->read ? sources[i]->read(engine, reading) : 0;
		if (err)
			return err;
	}
	err = sources_fill(engine, reading);
	if (!err)
		err = protected_overrule(engine->protections, reading->next->policy);
	return err ? err : sources_suspend(engine, reading->next);
}

void sources_settle(struct engine *engine, bool is_in_force)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (sources[i]->settle)
			sources[i]->settle(engine, is_in_force);
}

int sources_report(const struct engine *engine, struct source_reports *ret_reports)
{
	for (size_t i = 0; i < SOURCES; i++) {
		int err = sources[i]->report ? sources[i]->report(engine, ret_reports) : 0;

		if (err)
			return err;
	}
	return 0;
}

void source_reports_done(struct source_reports *reports)
{
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		feed_reports_done(&reports->feeds[kind]);
}
