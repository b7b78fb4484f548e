// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the ring buffer of events, and counts those that were left out. */
#include "datapath/events.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

struct events {
	struct ring_buffer *ring;
	void (*take)(void *context, const struct ipwl_event *event);
	void *context;
	size_t left, taken; /* in this call of events_consume() */
};

/* Ends libbpf's loop; the event itself has been taken. */
#define IS_ENOUGH (-ECANCELED)

static int take_record(void *context, void *record, size_t bytes)
{
	struct events *events = context;

	if (bytes >= sizeof(struct ipwl_event))
		events->take(events->context, record);
	events->taken++;
	return --events->left ? 0 : IS_ENOUGH;
}

int events_open(const struct datapath *datapath,
		void (*take)(void *context, const struct ipwl_event *event), void *context,
		struct events **ret_events)
{
	struct events *events = calloc(1, sizeof(*events));
	int err;

	if (!events)
		return -ENOMEM;
	events->take = take;
	events->context = context;
	errors_capture();
	events->ring =
	    ring_buffer__new(bpf_map__fd(datapath->shared->maps.events), take_record, events, NULL);
	if (!events->ring) {
		err = -errno;
		free(events);
		return err;
	}
	*ret_events = events;
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	ring_buffer__free(events->ring);
	free(events);
}

int events_fd(const struct events *events)
{
	return ring_buffer__epoll_fd(events->ring);
}

int events_consume(struct events *events, size_t max)
{
	int result;

	if (!max)
		return 0;
	events->left = max;
	events->taken = 0;
	result = ring_buffer__consume(events->ring);
	if (result < 0 && result != IS_ENOUGH)
		return result;
	return (int)events->taken;
}

/* ---- counts --------------------------------------------------------------------- */

static void add_counts(struct event_counts *sum, const struct ipwl_attempt_cpu *cpu)
{
	for (int fate = 0; fate < IPWL_FATE_COUNT; fate++)
		sum->fates[fate] += cpu->fates[fate];
	sum->crowded += cpu->crowded;
}

int datapath_read_event_counts(const struct datapath *datapath, struct event_counts *ret_counts)
{
	const int map = bpf_map__fd(datapath->shared->maps.attempt_cpus);
	const int cpu_count = libbpf_num_possible_cpus();
	struct event_counts counts = { 0 };
	struct ipwl_attempt_cpu *cpus;
	uint32_t zero = 0;

	if (cpu_count < 0)
		return cpu_count;
	cpus = calloc((size_t)cpu_count, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map, &zero, cpus)) {
		int err = -errno;

		free(cpus);
		return err;
	}
	for (int cpu = 0; cpu < cpu_count; cpu++)
		add_counts(&counts, &cpus[cpu]);
	free(cpus);
	*ret_counts = counts;
	return 0;
}

/* A record, with the header that the kernel puts before it. Its bytes are a multiple of 8. */
#define RECORD_BYTES (BPF_RINGBUF_HDR_SZ + sizeof(struct ipwl_event))
_Static_assert(sizeof(struct ipwl_event) % 8 == 0, "the kernel adds no padding");

/* Each position has a page of its own: the consumer's comes first, then the producer's
 * (kernel/bpf/ringbuf.c). */
static int read_position(int map, long page, uint64_t *ret_position)
{
	const size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *position = mmap(NULL, bytes, PROT_READ, MAP_SHARED, map, page * (long)bytes);

	if (position == MAP_FAILED)
		return -errno;
	*ret_position = __atomic_load_n((const uint64_t *)position, __ATOMIC_ACQUIRE);
	munmap(position, bytes);
	return 0;
}

int datapath_count_unread_events(const struct datapath *datapath, uint64_t *ret_count)
{
	const int map = bpf_map__fd(datapath->shared->maps.events);
	uint64_t consumed = 0, produced = 0;
	int err = read_position(map, 0, &consumed);

	if (!err)
		err = read_position(map, 1, &produced);
	if (!err)
		*ret_count = (produced - consumed) / RECORD_BYTES;
	return err;
}
