/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches the addresses of domains, with ipwl-resolve. */
#ifndef FEEDS_RESOLVER_H
#define FEEDS_RESOLVER_H

#include "feeds/process.h"

extern const struct feed_fetcher resolver_fetcher;

#endif
