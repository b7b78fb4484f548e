/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures lookup structures in BPF programs, each after it has answered as the
 * oracle does. Prints tables for docs/lookup.md.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <linux/if_link.h>

#include <bpf/bpf.h>

#include "../machine.h"
#include "../report.h"
#include "../sandbox.h"
#include "../wire.h"
#include "candidates.h"

/* One long run for each program: the kernel needs long to begin and to end one. */
#define REPEAT (WINDOW * WINDOW_COUNT)
#define CHECKS 100000
#define WIRE_PACKETS 200000
#define WIRE_RUNS 5

enum mode {
	MODE_ANY,
	MODE_ANY_COUNT,
	MODE_LISTED,
	MODE_LISTED_COUNT,
	MODE_WIRE,
	MODE_WIRE_COUNT,
	MODE_COUNT
};

/* Before these, programs run in BPF_PROG_TEST_RUN. */
#define MODE_ON_WIRE MODE_WIRE
#define BASELINE_COUNT (MODE_COUNT / 2)

static const char *const mode_names[MODE_COUNT] = {
	"any", "any_count", "listed", "listed_count", "wire", "wire_count",
};

static const char *const kind_names[KIND_COUNT] = {
	[KIND_MIXED] = "mixed lengths",
	[KIND_ADDRESSES] = "addresses",
	[KIND_CLUSTERED] = "mixed lengths, clustered",
};

struct candidate {
	const char *name;
	/* NULL: uses what the candidate before has filled. */
	size_t (*fill)(struct bpf_object *object, const struct set *set);
	int filter_bits; /* 0: no prefilter */
	size_t bytes;
	double ns[MODE_COUNT];
};

static struct candidate candidates[] = {
	{ .name = "tries", .fill = fill_tries },
	{ .name = "ranges16", .fill = fill_ranges16 },
	{ .name = "ranges18", .fill = fill_ranges18 },
	{ .name = "ranges20", .fill = fill_ranges20 },
	{ .name = "blocks", .fill = fill_blocks },
	{ .name = "blocks_early" },
	{ .name = "blocks_loop" },
	{ .name = "blocks_short" },
	{ .name = "blocks_swar" },
	{ .name = "blocks_bitmap", .filter_bits = 24 },
	{ .name = "pairs", .fill = fill_pairs },
	{ .name = "pairs_early" },
	{ .name = "pairs_loop" },
	{ .name = "pairs_bitmap", .filter_bits = 24 },
	{ .name = "pairs_bitmap22", .filter_bits = 22 },
	{ .name = "split", .fill = fill_split },
	{ .name = "split_loop" },
	{ .name = "split_bitmap", .filter_bits = 24 },
	{ .name = "dir24", .fill = fill_dir24 },
	{ .name = "poptrie", .fill = fill_poptrie },
	{ .name = "inline", .fill = fill_inline },
	{ .name = "compact", .fill = fill_compact },
	{ .name = "aligned", .fill = fill_aligned },
};

#define CANDIDATE_COUNT (sizeof(candidates) / sizeof(candidates[0]))

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		fail("out of memory");
	return memory;
}

/* ---- running -------------------------------------------------------------- */

static int program_fd(struct bpf_object *object, const char *candidate, const char *mode)
{
	struct bpf_program *program;
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", candidate, mode);
	program = bpf_object__find_program_by_name(object, name);
	if (!program)
		fail("no program %s", name);
	return bpf_program__fd(program);
}

static uint32_t run(int program, uint32_t address, int repeat)
{
	uint32_t packet[16] = { address };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options))
		fail("test run: %s", strerror(errno));
	return options.retval;
}

/* The least of the windows; other load can only add, and the first ones are cold. */
static double measure(int program, const volatile uint64_t *stamps)
{
	double least = 1e9;

	run(program, 0, REPEAT);
	/* A ring: where the newest stamp is followed by the oldest, time runs backwards. */
	for (int i = 0; i < WINDOW_COUNT; i++) {
		uint64_t from = stamps[i], to = stamps[(i + 1) % WINDOW_COUNT];
		double ns = (double)(to - from) / WINDOW;

		if (to > from && ns < least)
			least = ns;
	}
	return least;
}

static void check_address(struct bpf_object *object, const struct set *set, uint32_t address)
{
	uint32_t expected = set_oracle(set, address);

	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		uint32_t answer = run(program_fd(object, candidates[i].name, "check"), address, 1);

		if (answer != expected)
			fail("%s: %08x is %08x, not %08x", candidates[i].name, address, answer,
			     expected);
	}
}

/* Random addresses, listed ones, and those on either side of a boundary. */
static void check(struct bpf_object *object, struct set *set)
{
	check_address(object, set, 0);
	check_address(object, set, UINT32_MAX);
	for (size_t i = 0; i < CHECKS / 5; i++) {
		const struct interval *interval =
		    &set->intervals[set_random(set) % set->interval_count];

		check_address(object, set, (uint32_t)set_random(set));
		check_address(object, set, interval->first);
		check_address(object, set, interval->first - 1);
		check_address(object, set, interval->last);
		check_address(object, set, interval->last + 1);
	}
}

/* ---- one set -------------------------------------------------------------- */

static void resize(struct bpf_object *object, const char *name, size_t count)
{
	if (bpf_map__set_max_entries(bpf_object__find_map_by_name(object, name), (uint32_t)count))
		fail("cannot resize %s", name);
}

static struct bpf_object *load(const char *path, size_t prefix_count)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		fail("%s: %s", path, strerror(errno));
	resize(object, "records", prefix_count + 1);
	/* Of two prefixes, one inside the other, three intervals are made. */
	resize(object, "totals", prefix_count * 2 + 1);
	/* A /32 makes up to three nodes, of few unlike leaves each. */
	resize(object, "poptrie_nodes", prefix_count * 3 + 1);
	resize(object, "poptrie_leaves", prefix_count * 5 + 1);
	if (bpf_object__load(object))
		fail("%s: cannot load", path);
	return object;
}

static void fill_sources(struct bpf_object *object, struct set *set)
{
	size_t size;
	uint32_t *sources = storage_map(object, "sources", &size);

	for (uint32_t i = 0; i < 1U << SOURCES_SHIFT; i++)
		sources[i] = set_listed(set);
	storage_unmap(sources, size);
}

/* Before and after the candidates: too high a baseline makes them all look better. */
static void measure_baseline(struct bpf_object *object, const volatile uint64_t *stamps,
			     double baseline[BASELINE_COUNT])
{
	double any = measure(program_fd(object, "nothing", "any"), stamps);
	double listed = measure(program_fd(object, "nothing", "listed"), stamps);

	baseline[0] = any < baseline[0] ? any : baseline[0];
	baseline[1] = listed < baseline[1] ? listed : baseline[1];
}

static void measure_all(struct bpf_object *object, double baseline[BASELINE_COUNT])
{
	size_t size;
	uint64_t *stamps = storage_map(object, "stamps", &size);

	measure_baseline(object, stamps, baseline);
	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		for (int mode = 0; mode < MODE_ON_WIRE; mode++)
			candidates[i].ns[mode] = measure(
			    program_fd(object, candidates[i].name, mode_names[mode]), stamps);
	}
	measure_baseline(object, stamps, baseline);
	storage_unmap(stamps, size);
}

/* ---- on the wire ----------------------------------------------------------- */

/* Nanoseconds of sending a packet, and of receiving it with @program, which drops it. */
static double measure_on_wire(const struct wire *wire, int program)
{
	double ns;
	int err;

	sandbox_netns_enter(wire->netns);
	err = bpf_xdp_attach(wire->device_ifindex, program, XDP_FLAGS_DRV_MODE, NULL);
	sandbox_netns_enter(SANDBOX_HOME);
	if (err)
		fail("cannot attach to %s: %s", wire->device, strerror(-err));
	wire_send(wire, WIRE_PACKETS / 4);
	ns = wire_send(wire, WIRE_PACKETS);
	sandbox_netns_enter(wire->netns);
	bpf_xdp_detach(wire->device_ifindex, XDP_FLAGS_DRV_MODE, NULL);
	sandbox_netns_enter(SANDBOX_HOME);
	return ns;
}

/* Medians of runs that take turns. */
static void measure_all_on_wire(struct bpf_object *object, double baseline[BASELINE_COUNT])
{
	static const struct prefix_list nothing;
	double runs[CANDIDATE_COUNT][2][WIRE_RUNS], floor[WIRE_RUNS];
	struct wire wire;

	wire_open(&wire);
	/* The programs draw their sources by themselves. */
	wire_draw(SOURCE_KIND_ANY, &nothing);
	for (int run = 0; run < WIRE_RUNS; run++) {
		floor[run] = measure_on_wire(&wire, program_fd(object, "nothing", "wire"));
		for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
			for (int is_counted = 0; is_counted < 2; is_counted++) {
				const char *mode = mode_names[MODE_ON_WIRE + is_counted];

				runs[i][is_counted][run] = measure_on_wire(
				    &wire, program_fd(object, candidates[i].name, mode));
			}
		}
		progress("on the wire: run %d of %d", run + 1, WIRE_RUNS);
	}
	baseline[MODE_ON_WIRE / 2] = median(floor, WIRE_RUNS);
	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		candidates[i].ns[MODE_WIRE] = median(runs[i][0], WIRE_RUNS);
		candidates[i].ns[MODE_WIRE_COUNT] = median(runs[i][1], WIRE_RUNS);
	}
	wire_close(&wire);
	wire_done();
}

/* ---- the table --------------------------------------------------------------- */

static void print_table(const struct set *set, const char *kind,
			const double baseline[BASELINE_COUNT])
{
	printf("\n%zu prefixes, %s: %zu intervals; baseline %.1f ns any, %.1f ns listed, "
	       "%.1f ns on the wire\n\n",
	       set->prefix_count, kind, set->interval_count, baseline[0], baseline[1], baseline[2]);
	printf("| candidate | any | any, counted | listed | listed, counted | on the wire, listed "
	       "| on the wire, listed, counted | bytes a prefix |\n");
	printf("|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		const struct candidate *candidate = &candidates[i];

		printf("| %s |", candidate->name);
		for (int mode = 0; mode < MODE_COUNT; mode++)
			printf(" %.1f |", candidate->ns[mode] - baseline[mode / 2]);
		printf(" %.1f |\n", (double)candidate->bytes / (double)set->prefix_count);
	}
	fflush(stdout);
}

static void compare(const char *path, size_t count, enum kind kind, uint64_t seed)
{
	struct bpf_object *object = load(path, count);
	double baseline[BASELINE_COUNT] = { 1e9, 1e9 };
	size_t bytes = 0;
	struct set set;

	set_init(&set, count, kind, seed);
	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		if (candidates[i].fill)
			bytes = candidates[i].fill(object, &set);
		candidates[i].bytes = bytes;
		if (candidates[i].filter_bits)
			candidates[i].bytes += fill_filter(object, &set, candidates[i].filter_bits);
	}
	fill_sources(object, &set);
	check(object, &set);
	measure_all(object, baseline);
	measure_all_on_wire(object, baseline);
	print_table(&set, kind_names[kind], baseline);
	set_done(&set);
	bpf_object__close(object);
}

/* candidates OBJECT [PREFIXES]... */
int main(int argc, char **argv)
{
	static const char *const usual[] = { "1000", "30000", "1000000" };
	const char *const *sizes = argc > 2 ? (const char *const *)argv + 2 : usual;
	int size_count = argc > 2 ? argc - 2 : 3;
	const char *seed_text = getenv("IPWL_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : (uint64_t)time(NULL);
	struct utsname system;

	if (argc < 2)
		fail("usage: candidates OBJECT [PREFIXES]...");
	sandbox_enter();
	uname(&system);
	machine_pin();
	printf("Linux %s; IPWL_SEED=%llu; net ns a lookup, the least of %d times %d; net ns a "
	       "packet on the wire, the median of %d times %d\n",
	       system.release, (unsigned long long)seed, WINDOW_COUNT, WINDOW, WIRE_RUNS,
	       WIRE_PACKETS);
	for (int i = 0; i < size_count * KIND_COUNT; i++) {
		const char *size = sizes[i % size_count];
		char *end;
		size_t count = strtoul(size, &end, 10);

		if (*end || count < 1000 || count > 1000000)
			fail("%s: not a number from 1000 to 1000000", size);
		compare(argv[1], count, (enum kind)(i / size_count), seed);
	}
	return 0;
}
