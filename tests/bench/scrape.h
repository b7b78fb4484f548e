/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scrapes /metrics again and again in a thread, while something else happens. */
#ifndef BENCH_SCRAPE_H
#define BENCH_SCRAPE_H

#include <stddef.h>
#include <stdint.h>

void scrape_start(uint16_t port);
/* Returns the longest scrape in milliseconds. */
double scrape_stop_ms(size_t *ret_count);

#endif
