// SPDX-License-Identifier: GPL-2.0-or-later
/* Seeds the table of attempts, and sets the limits of events. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"

#define NSEC_PER_SEC 1000000000ULL
/* How long a sender or all together may have been silent for their limit to be full again. */
#define SOURCE_PERIOD_NS (60 * NSEC_PER_SEC)
#define BURST_NS (4 * NSEC_PER_SEC)

static size_t settings_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct ipwl_attempt_settings) + page - 1) / page * page;
}

/* The last key is written last. So if it is not 0, all are there. */
static int seed_keys(struct ipwl_attempt_settings *settings)
{
	__u64 *last = &settings->keys[1][IPWL_HASH_KEYS - 1];
	__u64 keys[2][IPWL_HASH_KEYS];

	while (!*last) {
		if (getrandom(keys, sizeof(keys), 0) != sizeof(keys))
			return -EIO;
		memcpy(settings->keys, keys, sizeof(keys) - sizeof(*last));
		__atomic_store_n(last, keys[1][IPWL_HASH_KEYS - 1], __ATOMIC_RELEASE);
	}
	return 0;
}

int attempts_open(int map, struct ipwl_attempt_settings **ret_settings)
{
	void *settings = mmap(NULL, settings_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	int err;

	if (settings == MAP_FAILED)
		return -errno;
	err = seed_keys(settings);
	if (err) {
		munmap(settings, settings_bytes());
		return err;
	}
	*ret_settings = settings;
	return 0;
}

void attempts_close(struct ipwl_attempt_settings *settings)
{
	if (settings)
		munmap(settings, settings_bytes());
}

/* @count in each @period_ns, all of them at once if need be. */
static void set_limit(struct ipwl_event_limit *limit, uint64_t count, uint64_t period_ns)
{
	const uint64_t interval_ns = count ? period_ns / count : period_ns;

	__atomic_store_n(&limit->interval_ns, interval_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&limit->burst_ns, period_ns - interval_ns, __ATOMIC_RELAXED);
}

void attempts_set_limits(struct datapath *datapath, const struct event_limits *limits)
{
	struct ipwl_attempt_settings *settings = datapath->attempt_settings;

	if (limits->is_on) {
		set_limit(&settings->limit, limits->per_second * (BURST_NS / NSEC_PER_SEC),
			  BURST_NS);
		set_limit(&settings->source_limit, limits->per_source_minute, SOURCE_PERIOD_NS);
	}
	__atomic_store_n(&datapath->settings->events, limits->is_on, __ATOMIC_RELEASE);
}
