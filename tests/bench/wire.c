/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes devices, sends packets and counts that all arrive. */
#include "wire.h"

#include <dirent.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "generator.skel.h"
#include "machine.h"
#include "report.h"
#include "sandbox.h"
#include "testrun.h"

/* As many as the kernel takes out of a device's ring at a time. */
#define BATCH 64
#define ARRIVAL_TIMEOUT_SEC 2

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0x25 };

static struct generator_bpf *generator;
static struct packet mail;
static pid_t softirq_thread;

/* ---- devices ------------------------------------------------------------- */

/* Without it a veth device that has no XDP program takes no frames of XDP. The device
 * has to be up, or its peer is not told that it does. */
static void turn_on_gro(const char *device)
{
	struct ethtool_value value = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq request = { .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request))
		die("cannot turn on GRO for %s: %m", device);
	close(fd);
}

void wire_open(struct wire *wire)
{
	static unsigned int number;
	char sender[16];

	wire->netns = sandbox_netns_new();
	snprintf(wire->device, sizeof(wire->device), "rx%u", number);
	snprintf(sender, sizeof(sender), "tx%u", number++);
	sandbox_run(SANDBOX_HOME,
		    "ip link add %s type veth peer name %s address "
		    "%02x:%02x:%02x:%02x:%02x:%02x netns /proc/%d/fd/%d",
		    sender, wire->device, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], getpid(),
		    wire->netns);
	sandbox_run(SANDBOX_HOME, "ip link set %s up", sender);
	wire->sender_ifindex = (int)if_nametoindex(sender);
	sandbox_netns_enter(wire->netns);
	wire->device_ifindex = (int)if_nametoindex(wire->device);
	sandbox_run(SANDBOX_HERE, "ip link set %s up", wire->device);
	turn_on_gro(wire->device);
	sandbox_netns_enter(SANDBOX_HOME);
	if (!wire->sender_ifindex || !wire->device_ifindex)
		die("%s: %m", wire->device);
}

void wire_close(struct wire *wire)
{
	char sender[16];

	sandbox_run(SANDBOX_HOME, "ip link del %s",
		    if_indextoname((unsigned int)wire->sender_ifindex, sender));
	close(wire->netns);
}

/* What the device has received, by its driver. */
static uint64_t read_received(const struct wire *wire)
{
	unsigned long long packets = 0;
	char line[256];
	bool is_found = false;
	FILE *file;

	sandbox_netns_enter(wire->netns);
	file = fopen("/proc/thread-self/net/dev", "r");
	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':'), *end;
		const char *name = line + strspn(line, " ");

		if (!colon)
			continue;
		*colon = '\0';
		if (strcmp(name, wire->device) != 0)
			continue;
		/* Bytes come first. */
		strtoull(colon + 1, &end, 10);
		packets = strtoull(end, NULL, 10);
		is_found = true;
	}
	if (file)
		fclose(file);
	sandbox_netns_enter(SANDBOX_HOME);
	if (!is_found)
		die("%s has no counters", wire->device);
	return packets;
}

/* ---- packets ------------------------------------------------------------- */

static uint32_t sum_header(const uint8_t *header)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 20; i += 2) {
		uint16_t word;

		memcpy(&word, header + i, sizeof(word));
		/* Neither the checksum nor the source. */
		sum += i == 10 || i == 12 || i == 14 ? 0 : word;
	}
	return (sum & 0xffff) + (sum >> 16);
}

/* The kernel's thread for packets that it could not take at once, on this CPU. */
static pid_t find_softirq_thread(void)
{
	char wanted[32], path[300], name[32];
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	snprintf(wanted, sizeof(wanted), "ksoftirqd/%d\n", sched_getcpu());
	while (dir && !found && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(name, sizeof(name), file) && !strcmp(name, wanted))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	if (!found)
		die("there is no ksoftirqd: this is no namespace to measure in");
	return found;
}

static double softirq_thread_ns(void)
{
	unsigned long long ns;
	char path[64], line[128], *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", softirq_thread);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		die("%s: cannot read it", path);
	fclose(file);
	ns = strtoull(line, &end, 10);
	if (end == line)
		die("%s: %s is no time", path, line);
	return (double)ns;
}

static void make_mail(uint8_t flags)
{
	mail = testrun_packet("192.0.2.1", 25, flags, false);
	memcpy(mail.data, mac, sizeof(mac));
	/* Its length is part of it. */
	generator->bss->header_sum = sum_header(mail.data + 14);
}

static void start(void)
{
	generator = generator_bpf__open_and_load();
	if (!generator)
		die("cannot load the generator");
	make_mail(TCP_SYN);
	softirq_thread = find_softirq_thread();
}

void wire_set_flags(uint8_t flags)
{
	if (!generator)
		start();
	make_mail(flags);
}

void wire_draw(enum source_kind kind, const struct prefix_list *list)
{
	if (!generator)
		start();
	sources_fill(generator->maps.sources, FAMILY_IPV4, kind, list);
}

static void wait_for_arrival(const struct wire *wire, uint64_t expected)
{
	double end = now_sec() + ARRIVAL_TIMEOUT_SEC;
	uint64_t received = read_received(wire);

	while (received < expected && now_sec() < end) {
		usleep(1000);
		received = read_received(wire);
	}
	if (received != expected)
		die("%s: %lld packets fewer arrived than were sent", wire->device,
		    (long long)(expected - received));
}

double wire_send(const struct wire *wire, size_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = mail.data,
		    .data_size_in = (uint32_t)mail.size, .repeat = (int)count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	uint64_t before = read_received(wire);
	double thread_before = softirq_thread_ns();

	generator->bss->target = (uint32_t)wire->sender_ifindex;
	if (bpf_prog_test_run_opts(bpf_program__fd(generator->progs.send4), &options))
		die("cannot send (it takes Linux 5.18): %m");
	wait_for_arrival(wire, before + count);
	/* The kernel leaves out of its time what runs when it lets others run. */
	return options.duration + (softirq_thread_ns() - thread_before) / (double)count;
}

void wire_done(void)
{
	generator_bpf__destroy(generator);
	generator = NULL;
}
