/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The step at hand, for all threads of the process. */
#include "base/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

#define TELL_EVERY_SEC 1.0
#define MEGABYTE 1000000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct progress step;
static bool is_loading;

/* The loading thread's. */
static void (*told)(const struct progress *progress, void *context);
static void *told_context;
static double told_at_sec; /* 0: not yet */

static void progress_tell(void)
{
	const double now_sec = told ? time_monotonic_sec() : 0;

	if (!told || (told_at_sec > 0 && now_sec < told_at_sec + TELL_EVERY_SEC))
		return;
	told_at_sec = now_sec;
	/* Only this thread writes the step. */
	told(&step, told_context);
}

void progress_begin(bool is_bytes, uint64_t total, const char *format, ...)
{
	struct progress next = { .is_bytes = is_bytes, .total = total };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(next.what, sizeof(next.what), format, arguments);
	va_end(arguments);
	utf8_sanitize(next.what, strlen(next.what));
	pthread_mutex_lock(&mutex);
	step = next;
	is_loading = true;
	pthread_mutex_unlock(&mutex);
	progress_tell();
}

void progress_set(uint64_t done)
{
	pthread_mutex_lock(&mutex);
	step.done = done;
	pthread_mutex_unlock(&mutex);
	progress_tell();
}

void progress_end(void)
{
	pthread_mutex_lock(&mutex);
	is_loading = false;
	pthread_mutex_unlock(&mutex);
}

bool progress_get(struct progress *ret_progress)
{
	bool is_known;

	pthread_mutex_lock(&mutex);
	is_known = is_loading;
	if (is_known)
		*ret_progress = step;
	pthread_mutex_unlock(&mutex);
	return is_known;
}

const char *progress_text(const struct progress *progress, char text[PROGRESS_TEXT_BYTES])
{
	const uint64_t total = progress->total;
	/* A file may grow while it is read. */
	const uint64_t done = total && progress->done > total ? total : progress->done;
	const unsigned int percent = total ? (unsigned int)((double)done / (double)total * 100) : 0;

	if (progress->is_bytes && total)
		snprintf(text, PROGRESS_TEXT_BYTES, "%s: %" PRIu64 " of %" PRIu64 " MB (%u %%)",
			 progress->what, done / MEGABYTE, (total + MEGABYTE - 1) / MEGABYTE,
			 percent);
	else if (total)
		snprintf(text, PROGRESS_TEXT_BYTES, "%s: %u %%", progress->what, percent);
	else
		snprintf(text, PROGRESS_TEXT_BYTES, "%s", progress->what);
	return text;
}

void progress_watch(void (*tell)(const struct progress *progress, void *context), void *context)
{
	told = tell;
	told_context = context;
	told_at_sec = 0;
}
