/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of feeds on their way from the fetcher to the engine and back. */
#ifndef RUNTIME_COPIES_H
#define RUNTIME_COPIES_H

struct feed_arrival;

/* For struct feed_judge: have the worker judge it. @context is the runtime. */
int copies_take(void *context, struct feed_arrival *arrival);

#endif
