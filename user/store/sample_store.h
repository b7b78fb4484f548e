/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps samples and the counters of the last look in state_dir/samples.db, so that they survive
 * restarts. Losing the file loses plots, but no mail. One thread at a time may use it.
 */
#ifndef STORE_SAMPLE_STORE_H
#define STORE_SAMPLE_STORE_H

#include "core/look.h"

struct sample_store;

/* The file is opened when it is first used. Return: 0 or -ENOMEM. */
int sample_store_new(const char *state_dir, struct sample_store **ret_store);
/* NULL is fine. */
void sample_store_free(struct sample_store *store);

/* Read what is kept. A damaged file is set aside, and a new one is begun. @last: all zero before
 * and, if there was no look, after. Return: 0, -ENOMEM or -EIO. */
int sample_store_load(struct sample_store *store, struct samples *samples, struct look *last);

/* Keep these samples and this look, all or nothing. Return: 0, -ENOMEM or -EIO: try again later
 * with the same samples. */
int sample_store_write(struct sample_store *store, const struct placed_sample *samples,
		       size_t count, const struct look *last);

/* The last error, or NULL. */
const char *sample_store_error(const struct sample_store *store);

#endif
