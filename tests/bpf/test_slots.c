/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slots of maps of maps: what is no longer used is released, and no slot is looked at.
 * Before Linux 6.8 each look waits for a grace period of 10 ms or more, and there are 1024 slots
 * of regions alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "lib_fixture.h"
#include "lib_scenario.h"

#define REBUILDS 4
/* The kernel frees maps a while after their last use. */
#define FREE_POLLS 6000
#define FREE_POLL_USEC 10000

static unsigned int looks;

/* Stands before libbpf's. */
int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	static int (*real)(int, const void *, void *);
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "bpf_map_lookup_elem");
	if (!bpf_obj_get_info_by_fd(fd, &info, &bytes) &&
	    (info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || info.type == BPF_MAP_TYPE_HASH_OF_MAPS))
		looks++;
	return real(fd, key, value);
}

static void rebuild(struct fixture *fixture, unsigned int turn)
{
	static struct scenario scenarios[2];
	struct scenario *scenario = &scenarios[turn % 2];

	scenario_done(scenario);
	*scenario = (struct scenario) { .enforce = true, .ports = { 25 }, .port_count = 1 };
	scenario_add(scenario, "bad", ACTION_BLOCK, turn % 2 ? "10.1.0.0/16" : "10.2.0.0/16");
	fixture_apply(fixture, scenario, APPLY_REBUILD);
}

/* The kernel's number of a region that is in use. */
static uint32_t region_id(const struct fixture *fixture)
{
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info);

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++) {
		int fd = fixture->datapath->regions[region];

		if (fd < 0)
			continue;
		assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &bytes), 0);
		return info.id;
	}
	fail_msg("no region is in use");
	return 0;
}

static void expect_freed(uint32_t id)
{
	for (unsigned int poll = 0; poll < FREE_POLLS; poll++) {
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0 && errno == ENOENT)
			return;
		if (fd >= 0)
			close(fd);
		usleep(FREE_POLL_USEC);
	}
	fail_msg("region %u is still there", id);
}

static void test_rebuilds(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int turn = 0; turn < REBUILDS; turn++) {
		uint32_t before;

		rebuild(fixture, 2 * turn);
		before = region_id(fixture);
		if (turn % 2)
			fixture_restart(fixture);
		rebuild(fixture, 2 * turn + 1);
		assert_int_not_equal(region_id(fixture), before);
		expect_freed(before);
	}
	assert_int_equal(looks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rebuilds) };

	return cmocka_run_group_tests_name("slots", tests, fixture_setup, fixture_teardown);
}
