// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets the limits for unlisted sources, and reads what they leave to a source. */
#include "datapath/limits.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

#define NSEC_PER_SEC 1000000000ULL

static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

#define SETTINGS_BYTES whole_pages(sizeof(struct ipwl_limit_settings))
#define CELLS_BYTES whole_pages(IPWL_LIMIT_CELLS * sizeof(uint64_t))

int limits_open(struct datapath *datapath)
{
	void *settings = mmap(NULL, SETTINGS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			      bpf_map__fd(datapath->shared->maps.limit_settings), 0);

	if (settings == MAP_FAILED)
		return -errno;
	datapath->limit_settings = settings;
	return 0;
}

void limits_close(struct datapath *datapath)
{
	if (datapath->limit_settings)
		munmap(datapath->limit_settings, SETTINGS_BYTES);
}

static int cells_map(const struct datapath *datapath)
{
	return bpf_map__fd(datapath->shared->maps.limit_cells);
}

/* A time that a limit has allowed to be far ahead would hold for long under a stricter one. A
 * program that moves a cell meanwhile may leave it as it was. */
static void clear_cells(const struct datapath *datapath)
{
	/* Only for now: what stays mapped would count as resident memory of ipwld. */
	uint64_t *cells =
	    mmap(NULL, CELLS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, cells_map(datapath), 0);
	const uint64_t zero = 0;

	for (uint32_t i = 0; i < IPWL_LIMIT_CELLS; i++) {
		if (cells != MAP_FAILED)
			__atomic_store_n(&cells[i], 0, __ATOMIC_RELAXED);
		else
			bpf_map_update_elem(cells_map(datapath), &i, &zero, BPF_ANY);
	}
	if (cells != MAP_FAILED)
		munmap(cells, CELLS_BYTES);
}

void limits_write(struct datapath *datapath, const struct limits *limits)
{
	bool is_changed = false;

	for (int limit = 0; limit < IPWL_LIMIT_COUNT; limit++) {
		const struct ipwl_rate rate = limit_to_rate(&limits->of[limit]);
		struct ipwl_rate *to = &datapath->limit_settings->rates[limit];

		is_changed |= to->interval_ns != rate.interval_ns || to->burst_ns != rate.burst_ns;
		__atomic_store_n(&to->burst_ns, rate.burst_ns, __ATOMIC_RELAXED);
		__atomic_store_n(&to->interval_ns, rate.interval_ns, __ATOMIC_RELAXED);
	}
	if (is_changed)
		clear_cells(datapath);
}

void limits_set_mode(struct datapath *datapath, enum ipwl_limit_mode mode)
{
	__atomic_store_n(&datapath->settings->limits, mode, __ATOMIC_RELEASE);
}

void limits_read(const struct ipwl_settings *settings, const struct ipwl_limit_settings *from,
		 struct limits *ret_limits)
{
	ret_limits->mode =
	    (enum ipwl_limit_mode)__atomic_load_n(&settings->limits, __ATOMIC_ACQUIRE);
	for (int limit = 0; limit < IPWL_LIMIT_COUNT; limit++) {
		const struct ipwl_rate *rate = &from->rates[limit];
		const struct ipwl_rate copy = {
			.interval_ns = __atomic_load_n(&rate->interval_ns, __ATOMIC_RELAXED),
			.burst_ns = __atomic_load_n(&rate->burst_ns, __ATOMIC_RELAXED),
		};

		ret_limits->of[limit] = limit_of_rate(&copy);
	}
}

void datapath_read_limits(const struct datapath *datapath, struct limits *ret_limits)
{
	limits_read(datapath->settings, datapath->limit_settings, ret_limits);
}

/* ---- a source --------------------------------------------------------------- */

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t read_word(const uint8_t *bytes)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | bytes[i];
	return word;
}

/* The source as the programs see it. */
static struct ipwl_limited limited_source(enum ipwl_limit limit, const struct prefix *address)
{
	uint64_t low = 0xffff;

	if (address->family == FAMILY_IPV6)
		return ipwl_limited_of(limit, read_word(address->addr),
				       read_word(address->addr + 8), true);
	for (int i = 0; i < 4; i++)
		low = low << 8 | address->addr[i];
	return ipwl_limited_of(limit, 0, low, false);
}

uint32_t limits_cell(const struct datapath *datapath, enum ipwl_limit limit, uint32_t row,
		     const struct prefix *address)
{
	const struct ipwl_limited source = limited_source(limit, address);

	return ipwl_limit_cell((const __u64(*)[IPWL_HASH_KEYS])datapath->attempt_settings->keys,
			       limit, row, &source);
}

/* When the next attempt would be due. */
static uint64_t read_due(const struct datapath *datapath, enum ipwl_limit limit,
			 const struct prefix *address)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t row = 0; row < IPWL_LIMIT_ROWS; row++) {
		const uint32_t cell = limits_cell(datapath, limit, row, address);
		uint64_t cell_ns = 0;

		bpf_map_lookup_elem(cells_map(datapath), &cell, &cell_ns);
		if (cell_ns < due_ns)
			due_ns = cell_ns;
	}
	return due_ns;
}

struct limit_state datapath_read_limit(const struct datapath *datapath, enum ipwl_limit limit,
				       const struct prefix *address)
{
	const struct ipwl_rate *rate = &datapath->limit_settings->rates[limit];
	const uint64_t interval_ns = __atomic_load_n(&rate->interval_ns, __ATOMIC_RELAXED);
	const uint64_t now_ns = boot_ns();
	const uint64_t until_ns = now_ns + __atomic_load_n(&rate->burst_ns, __ATOMIC_RELAXED);
	const uint64_t due_ns = read_due(datapath, limit, address);
	struct limit_state state = { .has_limit = interval_ns != 0 };

	if (state.has_limit && due_ns > until_ns)
		state.wait_ns = due_ns - until_ns;
	else if (state.has_limit)
		state.left =
		    (uint32_t)((until_ns - (due_ns > now_ns ? due_ns : now_ns)) / interval_ns + 1);
	return state;
}
