/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches feeds by URL, with ipwl-fetch. */
#ifndef FEEDS_TRANSFER_H
#define FEEDS_TRANSFER_H

#include "feeds/process.h"

extern const struct feed_fetcher transfer_fetcher;

#endif
