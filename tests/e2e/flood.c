/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads a CPU with packets that the kernel makes by itself (BPF_F_TEST_XDP_LIVE_FRAMES,
 * Linux 5.18), sent out of a veth device. flood.py starts it.
 *
 * flood DEVICE PEER_NAMESPACE PEER_DEVICE BURST reads frames, in hex, one a line, from
 * standard input up to an empty line, says "started", and sends them in turn, BURST
 * without a pause, until standard input is closed. Then it prints how often it
 * sent each. None is lost: an end that does not take them is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <net/if.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "flood.h"
#include "flood.skel.h"

#define DRAIN_TIMEOUT_SEC 5

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list arguments;

	fputs("flood: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

/* ---- set-up -------------------------------------------------------------- */

static unsigned int find_device(const char *name)
{
	unsigned int ifindex = if_nametoindex(name);

	if (!ifindex)
		die("there is no device %s", name);
	return ifindex;
}

static void find_peer(struct flood_bpf *skeleton, const char *namespace, const char *device)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int inside = open(namespace, O_RDONLY | O_CLOEXEC);
	struct stat info;

	if (home < 0 || inside < 0 || fstat(inside, &info) || setns(inside, CLONE_NEWNET))
		die("cannot enter %s: %s", namespace, strerror(errno));
	skeleton->rodata->peer_namespace = (__u32)info.st_ino;
	skeleton->rodata->peer_ifindex = find_device(device);
	if (setns(home, CLONE_NEWNET))
		die("cannot come back: %s", strerror(errno));
	close(home);
	close(inside);
}

static bool read_frame(struct flood_frame *frame)
{
	char line[2 * FLOOD_FRAME_BYTES + 2];

	if (!fgets(line, sizeof(line), stdin))
		die("the frames end without an empty line");
	if (line[0] == '\n')
		return false;
	if (strspn(line, "0123456789abcdef") != sizeof(line) - 2)
		die("a frame has not %d bytes in hex", FLOOD_FRAME_BYTES);
	for (size_t i = 0; i < FLOOD_FRAME_BYTES; i++) {
		char digits[] = { line[2 * i], line[2 * i + 1], '\0' };

		frame->bytes[i] = (__u8)strtoul(digits, NULL, 16);
	}
	return true;
}

static void load(struct flood_bpf *skeleton)
{
	static struct flood_frame frames[FLOOD_FRAMES_MAX];
	unsigned int count = 0;

	while (count < FLOOD_FRAMES_MAX && read_frame(&frames[count]))
		count++;
	if (count == 0 || count == FLOOD_FRAMES_MAX)
		die("1 to %d frames are wanted", FLOOD_FRAMES_MAX - 1);
	skeleton->rodata->frame_count = count;
	if (flood_bpf__load(skeleton))
		die("cannot load the programs, which need Linux 5.18 with its BTF: %s",
		    strerror(errno));
	for (unsigned int i = 0; i < count; i++)
		if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.frames), &i, &frames[i],
					BPF_ANY))
			die("cannot write a frame: %s", strerror(errno));
	if (flood_bpf__attach(skeleton))
		die("cannot attach to the tracepoint: %s", strerror(errno));
}

/* The last CPU: the packets are received where they are sent, and ipwld has the rest. */
static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;
	size_t last = 0;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		die("sched_getaffinity: %s", strerror(errno));
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			last = cpu;
	CPU_ZERO(&cpus);
	CPU_SET(last, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity: %s", strerror(errno));
}

/* ---- sending ------------------------------------------------------------- */

static void send_burst(const struct flood_bpf *skeleton, int count)
{
	struct flood_frame frame = { { 0 } };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof(frame),
		    .repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int err = bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.flood), &options);

	if (err == -EINVAL)
		die("the kernel makes no live frames: this needs Linux 5.18");
	if (err)
		die("cannot send: %s", strerror(-err));
}

static bool is_over(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, 0) > 0;
}

/* What is in the ring still counts. */
static void drain(const struct flood_bpf *skeleton)
{
	const volatile __u64 *taken = &skeleton->bss->taken_total;
	time_t deadline = time(NULL) + DRAIN_TIMEOUT_SEC;

	while (*taken < skeleton->bss->sent_total) {
		if (time(NULL) > deadline)
			die("%llu packets were sent, and %llu taken at the other end: has it an "
			    "XDP program?",
			    skeleton->bss->sent_total, *taken);
		usleep(1000);
	}
}

static void print_counts(const struct flood_bpf *skeleton)
{
	for (unsigned int i = 0; i < skeleton->rodata->frame_count; i++) {
		unsigned long long count;

		if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.sent), &i, &count))
			die("cannot read a count: %s", strerror(errno));
		printf("%llu\n", count);
	}
}

int main(int argc, char **argv)
{
	struct flood_bpf *skeleton = flood_bpf__open();
	int burst = argc == 5 ? (int)strtol(argv[4], NULL, 10) : 0;

	if (burst <= 0)
		die("usage: flood DEVICE PEER_NAMESPACE PEER_DEVICE BURST");
	if (!skeleton)
		die("cannot open the programs: %s", strerror(errno));
	skeleton->rodata->ifindex = find_device(argv[1]);
	find_peer(skeleton, argv[2], argv[3]);
	stay_on_one_cpu();
	load(skeleton);
	puts("started");
	fflush(stdout);
	while (!is_over())
		send_burst(skeleton, burst);
	drain(skeleton);
	print_counts(skeleton);
	flood_bpf__destroy(skeleton);
	return 0;
}
