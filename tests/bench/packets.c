/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nanoseconds a packet in BPF_PROG_TEST_RUN. Each figure stands beside a baseline
 * that the same driver gave with an empty program in ipwl's place, run in turns
 * with it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/lib_random.h"
#include "bench.h"
#include "datapath/internal.h"
#include "driver.skel.h"
#include "ipwl.skel.h"

#define RUNS 9
#define REPEAT_FIXED 1000000
#define REPEAT_RANDOM 200000

static struct driver_bpf *load_driver(const struct bench_datapath *bench)
{
	struct driver_bpf *driver = driver_bpf__open();
	struct bpf_program *program = NULL;

	if (!driver)
		die("cannot open the driver");
	/* A tail call wants both programs with frags or both without. */
	while ((program = bpf_object__next_program(driver->obj, program)))
		bpf_program__set_flags(
		    program, bpf_program__flags(bench->interface->skeleton->progs.ipwl_xdp));
	if (driver_bpf__load(driver))
		die("cannot load the driver");
	return driver;
}

/* Time on the CPU, whatever else runs on this machine. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double run(int program, const struct packet *packet, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .repeat = repeat);
	double start = cpu_ns();

	if (bpf_prog_test_run_opts(program, &options) || options.retval == 0 /* XDP_ABORTED */)
		die("test run: %m");
	return (cpu_ns() - start) / repeat;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double values[RUNS])
{
	qsort(values, RUNS, sizeof(values[0]), compare_doubles);
	return values[RUNS / 2];
}

/* Run @driver with an empty program behind it and with ipwl, in turns. */
static void compare_behind(const struct bench_datapath *bench, const struct driver_bpf *loaded,
			   const struct bpf_program *driver, const struct packet *packet,
			   int repeat, const char *what)
{
	int fds[2] = { bpf_program__fd(loaded->progs.empty),
		       bpf_program__fd(bench->interface->skeleton->progs.ipwl_xdp) };
	double times[2][RUNS];
	uint32_t zero = 0;

	for (int i = 0; i < RUNS; i++) {
		for (int j = 0; j < 2; j++) {
			if (bpf_map_update_elem(bpf_map__fd(loaded->maps.next), &zero, &fds[j], 0))
				die("cannot set the next program: %m");
			run(bpf_program__fd(driver), packet, repeat / 10);
			times[j][i] = run(bpf_program__fd(driver), packet, repeat);
		}
	}
	report_compare(what, median(times[1]), median(times[0]));
}

/* The programs themselves, without a driver. */
static void compare_alone(const struct bench_datapath *bench, const struct driver_bpf *loaded,
			  const struct packet *packet, const char *what)
{
	int fds[2] = { bpf_program__fd(loaded->progs.empty),
		       bpf_program__fd(bench->interface->skeleton->progs.ipwl_xdp) };
	double times[2][RUNS];

	for (int i = 0; i < RUNS; i++) {
		for (int j = 0; j < 2; j++)
			times[j][i] = run(fds[j], packet, REPEAT_FIXED);
	}
	report_compare(what, median(times[1]), median(times[0]));
}

static struct packet build(const char *source, uint16_t port, uint8_t flags, bool is_udp)
{
	struct recipe recipe = {
		.port_from = 40000,
		.port_to = port,
		.flags = flags,
		.is_not_tcp = is_udp,
		.protocol = PROTOCOL_UDP,
		/* What a segment of a mail holds does not matter, but a SYN has none. */
		.payload_bytes = flags == TCP_SYN ? 0 : 1000,
	};
	struct packet packet;

	if (prefix_parse(source, strlen(source), &recipe.source, NULL))
		die("%s is no address", source);
	packet_build(&recipe, &packet);
	return packet;
}

void packets_measure_fixed(const struct bench_datapath *bench)
{
	struct driver_bpf *driver = load_driver(bench);
	struct packet udp4 = build("192.0.2.1", 0, 0, true);
	struct packet udp6 = build("2001:db8::1", 0, 0, true);
	struct packet web_syn = build("192.0.2.1", 443, TCP_SYN, false);
	struct packet web4 = build("192.0.2.1", 443, TCP_ACK, false);
	struct packet web6 = build("2001:db8::1", 443, TCP_ACK, false);
	struct packet mail4 = build("192.0.2.1", 25, TCP_ACK, false);
	struct packet mail6 = build("2001:db8::1", 25, TCP_ACK, false);

	report_section("one packet, again and again", "   ipwl ns  empty ns  added ns");
	compare_alone(bench, driver, &udp4, "IPv4 UDP");
	compare_alone(bench, driver, &udp6, "IPv6 UDP");
	compare_alone(bench, driver, &web_syn, "IPv4 TCP to port 443, SYN");
	compare_alone(bench, driver, &web4, "IPv4 TCP to port 443, data");
	compare_alone(bench, driver, &web6, "IPv6 TCP to port 443, data");
	compare_alone(bench, driver, &mail4, "IPv4 mail, lists are empty");
	compare_alone(bench, driver, &mail6, "IPv6 mail, lists are empty");
	driver_bpf__destroy(driver);
}

/* ---- sources ------------------------------------------------------------- */

/* An address in a random prefix of the family, of either list. */
static void draw_listed(struct random *random, const struct bench_policy *loaded,
			enum family family, uint8_t *address)
{
	const struct table *allow = &loaded->tables.of[ACTION_ALLOW][family];
	const struct table *block = &loaded->tables.of[ACTION_BLOCK][family];
	size_t at = random_next(random) % (allow->count + block->count);
	const struct prefix *prefix =
	    at < allow->count ? &allow->nodes[at].prefix : &block->nodes[at - allow->count].prefix;
	uint8_t host[16];

	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = (uint8_t)random_next(random);
	for (unsigned int bit = 0; bit < (family == FAMILY_IPV4 ? 32U : 128U); bit++) {
		const uint8_t *from = bit < prefix->len ? prefix->addr : host;
		unsigned int mask = 128U >> bit % 8;

		address[bit / 8] = (uint8_t)((address[bit / 8] & ~mask) | (from[bit / 8] & mask));
	}
}

static void fill_sources(struct random *random, struct bpf_map *map,
			 const struct bench_policy *loaded, enum family family)
{
	uint32_t count = bpf_map__max_entries(map);

	for (uint32_t i = 0; i < count; i++) {
		uint8_t address[16] = { 0 };

		draw_listed(random, loaded, family, address);
		if (bpf_map_update_elem(bpf_map__fd(map), &i, address, 0))
			die("cannot write a source: %m");
	}
}

/* Of random addresses, how many are in a list. */
static double listed_percent(struct random *random, const struct bench_policy *loaded)
{
	size_t listed = 0, tries = 10000;

	for (size_t i = 0; i < tries; i++) {
		struct prefix address = { .family = FAMILY_IPV4, .len = 32 };
		uint64_t bits = random_next(random);

		memcpy(address.addr, &bits, 4);
		listed += table_lookup(&loaded->tables.of[ACTION_ALLOW][FAMILY_IPV4], &address) ||
			  table_lookup(&loaded->tables.of[ACTION_BLOCK][FAMILY_IPV4], &address);
	}
	return (double)listed * 100 / (double)tries;
}

void packets_measure_random(const struct bench_datapath *bench, const struct bench_policy *loaded)
{
	struct driver_bpf *driver = load_driver(bench);
	struct packet syn4 = build("192.0.2.1", 25, TCP_SYN, false);
	struct packet data4 = build("192.0.2.1", 25, TCP_ACK, false);
	struct packet syn6 = build("2001:db8::1", 25, TCP_SYN, false);
	struct packet data6 = build("2001:db8::1", 25, TCP_ACK, false);
	struct random random = { .state = 1 };
	char title[96];
	size_t nodes = 0;

	for (int i = 0; i < ACTION_COUNT * FAMILY_COUNT; i++)
		nodes += loaded->tables.of[i / FAMILY_COUNT][i % FAMILY_COUNT].count;
	fill_sources(&random, driver->maps.sources4, loaded, FAMILY_IPV4);
	fill_sources(&random, driver->maps.sources6, loaded, FAMILY_IPV6);
	snprintf(title, sizeof(title), "mail, %zu prefixes", nodes);
	report_section(title, "   ipwl ns  empty ns  added ns");
	compare_behind(bench, driver, driver->progs.draw_any4, &syn4, REPEAT_RANDOM,
		       "SYN, random IPv4 sources");
	compare_behind(bench, driver, driver->progs.draw_any4, &data4, REPEAT_RANDOM,
		       "data, random IPv4 sources");
	compare_behind(bench, driver, driver->progs.draw_listed4, &syn4, REPEAT_RANDOM,
		       "SYN, random listed IPv4 sources");
	compare_behind(bench, driver, driver->progs.draw_listed4, &data4, REPEAT_RANDOM,
		       "data, random listed IPv4 sources");
	compare_behind(bench, driver, driver->progs.draw_listed6, &syn6, REPEAT_RANDOM,
		       "SYN, random listed IPv6 sources");
	compare_behind(bench, driver, driver->progs.draw_listed6, &data6, REPEAT_RANDOM,
		       "data, random listed IPv6 sources");
	compare_behind(bench, driver, driver->progs.draw_nothing, &data4, REPEAT_FIXED,
		       "data, one IPv4 source");
	report_value("of random IPv4 sources are listed", listed_percent(&random, loaded), "%");
	driver_bpf__destroy(driver);
}
