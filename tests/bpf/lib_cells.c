/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "datapath/limits.h"
#include "ipwl.skel.h"
#include "lib_cells.h"
#include "lib_flood.h"

/* The cells of all sources that a test has used. */
#define CELLS_MAX 8192
static uint32_t used_cells[CELLS_MAX];
static size_t used_count;

static void use_cell(uint32_t cell)
{
	for (size_t i = 0; i < used_count; i++)
		if (used_cells[i] == cell)
			return;
	assert_true(used_count < CELLS_MAX);
	used_cells[used_count++] = cell;
}

void cells_use_source(const struct fixture *fixture, const struct prefix *address)
{
	for (int limit = 0; limit < IPWL_LIMIT_COUNT; limit++) {
		for (uint32_t row = 0; row < IPWL_LIMIT_ROWS; row++)
			use_cell(
			    limits_cell(fixture->datapath, (enum ipwl_limit)limit, row, address));
	}
}

/* Make the times in all used cells earlier, then later. 0 stays 0: a source that is unknown. */
static void shift(const struct fixture *fixture, uint64_t earlier_ns, uint64_t later_ns)
{
	const int map = bpf_map__fd(fixture->datapath->shared->maps.limit_cells);

	for (size_t i = 0; i < used_count; i++) {
		uint64_t cell_ns;

		assert_int_equal(bpf_map_lookup_elem(map, &used_cells[i], &cell_ns), 0);
		cell_ns -= cell_ns > earlier_ns ? earlier_ns : cell_ns;
		cell_ns += cell_ns ? later_ns : 0;
		assert_int_equal(bpf_map_update_elem(map, &used_cells[i], &cell_ns, 0), 0);
	}
}

void cells_pass_minutes(const struct fixture *fixture, uint64_t minutes)
{
	shift(fixture, minutes * MINUTE_NS, 0);
}

void cells_restart_in_no_time(struct fixture *fixture)
{
	const uint64_t before_ns = shield_boot_ns();

	fixture_restart(fixture);
	shift(fixture, 0, shield_boot_ns() - before_ns);
}
