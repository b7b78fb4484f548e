// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets the shield against floods of SYNs, and reads what it does. */
#include "datapath/flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

#define NSEC_PER_SEC 1000000000ULL

int flood_open(struct datapath *datapath)
{
	datapath->flood = values_map(datapath->shared->maps.flood, sizeof(struct ipwl_flood));
	return datapath->flood ? 0 : -errno;
}

void flood_close(struct datapath *datapath)
{
	values_unmap(datapath->flood, sizeof(struct ipwl_flood));
}

void flood_apply(struct datapath *datapath, const struct flood *flood)
{
	struct ipwl_flood *to = datapath->flood;

	if (flood->mode != IPWL_FLOOD_OFF) {
		const uint64_t interval_ns = NSEC_PER_SEC / flood->threshold;

		__atomic_store_n(&to->interval_ns, interval_ns, __ATOMIC_RELAXED);
		__atomic_store_n(&to->low_interval_ns, 2 * interval_ns, __ATOMIC_RELAXED);
		__atomic_store_n(&to->quiet_ns, flood->quiet_sec * NSEC_PER_SEC, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&datapath->settings->flood, flood->mode, __ATOMIC_RELEASE);
	/* Switched on again, it begins anew. A program that just fills the bucket may keep it on
	 * once more, and ends by itself. */
	if (flood->mode == IPWL_FLOOD_OFF)
		__atomic_store_n(&to->until_ns, 0, __ATOMIC_RELAXED);
}

/* ---- state --------------------------------------------------------------------- */

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static int read_outcomes(const struct datapath *datapath,
			 uint64_t ret_outcomes[IPWL_FLOOD_OUTCOME_COUNT])
{
	struct ipwl_flood_cpu *cpus = calloc(datapath->cpu_count, sizeof(*cpus));
	uint32_t zero = 0;
	int err = 0;

	if (!cpus)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(datapath->shared->maps.flood_cpus), &zero, cpus))
		err = -errno;
	memset(ret_outcomes, 0, IPWL_FLOOD_OUTCOME_COUNT * sizeof(*ret_outcomes));
	for (uint32_t cpu = 0; !err && cpu < datapath->cpu_count; cpu++)
		for (int outcome = 0; outcome < IPWL_FLOOD_OUTCOME_COUNT; outcome++)
			ret_outcomes[outcome] += cpus[cpu].outcomes[outcome];
	free(cpus);
	return err;
}

int datapath_read_flood(const struct datapath *datapath, struct flood_state *ret_state)
{
	const struct ipwl_settings *settings = datapath->settings;
	const struct ipwl_flood *from = datapath->flood;
	const uint64_t now_ns = boot_ns();
	struct flood_state state = { .mode = IPWL_FLOOD_OFF };
	int err = read_outcomes(datapath, state.outcomes);

	if (err)
		return err;
	state.mode = (enum ipwl_flood_mode)__atomic_load_n(&settings->flood, __ATOMIC_ACQUIRE);
	if (state.mode == IPWL_FLOOD_ENFORCE &&
	    !__atomic_load_n(&settings->enforce, __ATOMIC_ACQUIRE))
		state.mode = IPWL_FLOOD_MONITOR;
	state.is_on = state.mode != IPWL_FLOOD_OFF &&
		      __atomic_load_n(&from->until_ns, __ATOMIC_RELAXED) > now_ns;
	state.since_ns = __atomic_load_n(&from->since_ns, __ATOMIC_RELAXED);
	*ret_state = state;
	return 0;
}

/* ---- addresses ------------------------------------------------------------------ */

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipwl_flood_address));
}

/* The keys of the map that are not in @keys, which are sorted. They are collected first, because a
 * removal would make the walk begin again. */
static size_t find_stale(int map, const struct ipwl_flood_address *keys, size_t count,
			 struct ipwl_flood_address *ret_stale)
{
	struct ipwl_flood_address key;
	const void *last = NULL;
	size_t found = 0;

	while (found < IPWL_FLOOD_ADDRESSES_MAX && !bpf_map_get_next_key(map, last, &key)) {
		if (!bsearch(&key, keys, count, sizeof(*keys), compare_keys))
			ret_stale[found++] = key;
		last = &key;
	}
	return found;
}

static int replace_addresses(int map, const struct ipwl_flood_address *keys, size_t count,
			     struct ipwl_flood_address *stale)
{
	const size_t stale_count = find_stale(map, keys, count, stale);
	const uint32_t value = 1;

	for (size_t i = 0; i < stale_count; i++)
		if (bpf_map_delete_elem(map, &stale[i]) && errno != ENOENT)
			return -errno;
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(map, &keys[i], &value, BPF_ANY))
			return errno == E2BIG ? -ENOSPC : -errno;
	return 0;
}

int datapath_set_own_addresses(struct datapath *datapath, const struct prefix *addresses,
			       size_t count)
{
	struct ipwl_flood_address *keys = calloc(count + IPWL_FLOOD_ADDRESSES_MAX, sizeof(*keys));
	int err;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		prefix_map(&addresses[i], keys[i].addr);
	if (count)
		qsort(keys, count, sizeof(*keys), compare_keys);
	err = replace_addresses(bpf_map__fd(datapath->shared->maps.flood_addresses), keys, count,
				keys + count);
	free(keys);
	return err;
}

/* ---- cookies -------------------------------------------------------------------- */

/* A listener on a port that is free. A connection to it stays in the queue that cookies are for,
 * because nobody sends data. Return: a socket or -errno. */
static int probe_listen(int backlog, struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int defer_sec = 5;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_sec, sizeof(defer_sec)) ||
	    listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&address, &bytes)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_address = address;
	return fd;
}

struct probe_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* Return: 1: the listener gives a cookie; 0: it does not; -errno. */
static int probe_ask(const struct datapath *datapath, const struct sockaddr_in *listener)
{
	struct probe_frame frame = {
		.ethernet = { .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4,
			.ihl = 5,
			.protocol = IPPROTO_TCP,
			.ttl = 64,
			.tot_len = htons(sizeof(struct iphdr) + sizeof(struct tcphdr)) },
		.tcp = { .syn = 1, .doff = 5 },
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof(frame),
		    .repeat = 1);
	int err;

	/* The port is ours, so no other socket has this pair of ends. */
	frame.ip.saddr = frame.ip.daddr = listener->sin_addr.s_addr;
	frame.tcp.source = frame.tcp.dest = listener->sin_port;
	err = bpf_prog_test_run_opts(bpf_program__fd(datapath->shared->progs.ipwl_probe_cookies),
				     &options);
	return err ? err : options.retval == 1;
}

/* The same of a new listener. @fills: with a connection in its queue. */
static int probe_cookie(const struct datapath *datapath, int backlog, bool fills)
{
	struct sockaddr_in address = { .sin_port = 0 };
	int listener = probe_listen(backlog, &address), client = -1, result;

	if (listener < 0)
		return listener;
	if (fills)
		client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fills &&
	    (client < 0 || (connect(client, (struct sockaddr *)&address, sizeof(address)) &&
			    errno != EINPROGRESS)))
		result = -errno;
	else
		result = probe_ask(datapath, &address);
	if (client >= 0)
		close(client);
	close(listener);
	return result;
}

/* The queue of a listener without backlog is full: on newer kernels, with one connection in it, on
 * older ones, always. A connection to those would have the kernel log a flood. */
enum flood_cookies datapath_probe_cookies(const struct datapath *datapath)
{
	static const struct {
		int backlog;
		bool fills;
		enum flood_cookies result;
	} steps[] = {
		{ 16, false, FLOOD_COOKIES_ALWAYS },
		{ 0, false, FLOOD_COOKIES_WHEN_FULL },
		{ 0, true, FLOOD_COOKIES_WHEN_FULL },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int gives = probe_cookie(datapath, steps[i].backlog, steps[i].fills);

		if (gives)
			return gives < 0 ? FLOOD_COOKIES_UNKNOWN : steps[i].result;
	}
	return FLOOD_COOKIES_NEVER;
}
