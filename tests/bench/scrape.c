/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Prometheus that cannot wait. */
#include "scrape.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "http.h"
#include "machine.h"
#include "report.h"

#define PAUSE_USEC 2000

static pthread_t thread;
static atomic_bool must_stop;
static uint16_t scraped_port;
/* The thread's, until it has ended. */
static double longest_sec;
static size_t scrapes;

static void *scrape(void *context __attribute__((unused)))
{
	while (!atomic_load(&must_stop)) {
		double start = now_sec(), seconds;

		if (!http_get(scraped_port, "/metrics"))
			die("/metrics is empty");
		seconds = now_sec() - start;
		longest_sec = seconds > longest_sec ? seconds : longest_sec;
		scrapes++;
		usleep(PAUSE_USEC);
	}
	return NULL;
}

void scrape_start(uint16_t port)
{
	scraped_port = port;
	longest_sec = 0;
	scrapes = 0;
	atomic_store(&must_stop, false);
	if (pthread_create(&thread, NULL, scrape, NULL))
		die("cannot start a thread");
}

double scrape_stop_ms(size_t *ret_count)
{
	atomic_store(&must_stop, true);
	pthread_join(thread, NULL);
	if (!scrapes)
		die("there was no time for a scrape");
	*ret_count = scrapes;
	return longest_sec * 1000;
}
