// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Adds pending packets to the records of their rules (struct ipwl_pending), so that a reader
 * sees all packets that were counted before. The program ipwl_settle does it on each CPU. It
 * runs as an interrupt, so it needs no lock against packets, and a kill of this process leaves
 * nothing half done.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

/* A packet that is being counted is interrupted only now and then. */
#define BUSY_TRIES 1000

static size_t pendings_bytes(uint32_t cpu_count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (cpu_count * sizeof(struct ipwl_pending) + page - 1) / page * page;
}

int settle_open(struct datapath *datapath)
{
	const struct bpf_map *map = datapath->shared->maps.pendings;
	uint32_t cpu_count = bpf_map__max_entries(map);
	void *memory = mmap(NULL, pendings_bytes(cpu_count), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		return -errno;
	datapath->pendings = memory;
	datapath->cpu_count = cpu_count;
	return 0;
}

void settle_close(struct datapath *datapath)
{
	if (datapath->pendings)
		munmap(datapath->pendings, pendings_bytes(datapath->cpu_count));
}

/* Run the program on @on_cpu, or on this one if that is negative. Return: its answer; -ENXIO:
 * the CPU is offline; another -errno. */
static int run_program(const struct datapath *datapath, uint32_t cpu, int on_cpu)
{
	__u64 arguments[1] = { cpu };
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments,
		    .ctx_size_in = sizeof(arguments),
		    .flags = on_cpu >= 0 ? BPF_F_TEST_RUN_ON_CPU : 0,
		    .cpu = on_cpu >= 0 ? (uint32_t)on_cpu : 0);
	int err =
	    bpf_prog_test_run_opts(bpf_program__fd(datapath->shared->progs.ipwl_settle), &options);

	return err ? err : (int)options.retval;
}

static void set_holder(struct ipwl_pending *pending, uint32_t holder)
{
	__atomic_store_n(&pending->holder, holder, __ATOMIC_SEQ_CST);
}

/* Of a CPU that was offline. Held, its batch changes no more, even if the CPU comes online: then
 * it counts directly. If it came online before it could see that, it runs the program itself,
 * which ends the hold. */
static int settle_offline(struct datapath *datapath, uint32_t cpu)
{
	int err;

	set_holder(&datapath->pendings[cpu], IPWL_HELD_BY_USER);
	err = run_program(datapath, cpu, (int)cpu);
	if (err != -ENXIO)
		return err;
	err = run_program(datapath, cpu, -1);
	set_holder(&datapath->pendings[cpu], IPWL_HELD_BY_NONE);
	return err;
}

static int settle_cpu(struct datapath *datapath, uint32_t cpu)
{
	int answer = run_program(datapath, cpu, (int)cpu);

	for (int try = 0; answer > 0 && try < BUSY_TRIES; try++) {
		sched_yield();
		answer = run_program(datapath, cpu, (int)cpu);
	}
	if (answer == -ENXIO)
		answer = settle_offline(datapath, cpu);
	return answer > 0 ? -EBUSY : answer;
}

/*
 * Whether a CPU certainly has nothing pending, so that it need not be interrupted. Where stores
 * of another CPU become visible in order, a batch that is seen empty has been added.
 */
static bool is_settled(const struct ipwl_pending *pending)
{
#if defined(__x86_64__) || defined(__s390x__)
	return !__atomic_load_n(&pending->count, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&pending->holder, __ATOMIC_ACQUIRE) != IPWL_HELD_BY_USER;
#else
	(void)pending;
	return false;
#endif
}

int datapath_settle(struct datapath *datapath)
{
	int err = 0;

	pthread_mutex_lock(&datapath->settling);
	for (uint32_t cpu = 0; cpu < datapath->cpu_count; cpu++) {
		int failed;

		if (is_settled(&datapath->pendings[cpu]))
			continue;
		failed = settle_cpu(datapath, cpu);
		if (failed)
			err = failed;
	}
	pthread_mutex_unlock(&datapath->settling);
	if (err)
		log_debug("datapath", "cannot add pending packets to the counters: %s",
			  strerror(-err));
	return err;
}

bool settle_is_direct(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}
