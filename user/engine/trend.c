/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes samples to their file, and reports its errors. */
#include "engine/trend.h"

#include "base/log.h"
#include "engine/internal.h"
#include "store/sample_store.h"

/* Report an error once when it begins, and once when it ends. */
static void trend_report(struct engine *engine, int err)
{
	const char *error = sample_store_error(engine->sample_store);

	if (err && !engine->are_samples_failing)
		log_warning("samples", "%s; samples are not stored until this is fixed",
			    error ? error : "out of memory");
	else if (!err && engine->are_samples_failing)
		log_info("samples", "are stored again");
	engine->are_samples_failing = err != 0;
}

void engine_load_samples(struct engine *engine, struct samples *samples, struct look *last)
{
	trend_report(engine, sample_store_load(engine->sample_store, samples, last));
}

bool engine_keep_samples(struct engine *engine, const struct placed_sample *samples, size_t count,
			 const struct look *last)
{
	int err = sample_store_write(engine->sample_store, samples, count, last);

	trend_report(engine, err);
	return !err;
}
