/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into ipwld, makes bpf(2), mmap(2) and read(2) of list files (*.list) fail or wait when
 * the test says so. The two
 * share the file that the environment names as IPWL_FAULT; fault.py has its other side.
 *
 * Overrides libc's syscall(), by which libbpf calls bpf(2). What libc maps for itself
 * (malloc, stacks) does not come by here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL_READ_LIST 62
#define CALL_MMAP 63
#define TRACE_CALLS 65536

/* All calls whose bit is set in `calls` are counted; those from `first` to `last`,
 * counted from 1, fail. bpf(2) has its command as its bit. */
struct control {
	_Atomic uint64_t calls;
	_Atomic uint64_t first; /* 0: none */
	_Atomic uint64_t last;
	_Atomic uint64_t error; /* errno */
	_Atomic uint64_t count;
	_Atomic uint64_t failed_count;
	_Atomic uint64_t
	    held; /* the call with this number, counted from 1, waits as long; 0: none */
	_Atomic uint64_t is_waiting;
	_Atomic uint8_t trace[TRACE_CALLS]; /* the bits of the calls that were counted */
};

static struct control *control;

static struct control *open_control(void)
{
	const char *path = getenv("IPWL_FAULT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *memory;

	if (fd < 0)
		abort();
	memory = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	close(fd);
	return memory;
}

__attribute__((constructor)) static void start(void)
{
	control = open_control();
}

static void wait_while_held(uint64_t number)
{
	while (atomic_load(&control->held) == number) {
		atomic_store(&control->is_waiting, 1);
		usleep(1000);
	}
	atomic_store(&control->is_waiting, 0);
}

/* Whether this call is one that fails; errno is set then. */
static int fails(unsigned int call)
{
	uint64_t number;

	if (!control || !(atomic_load(&control->calls) >> call & 1))
		return 0;
	number = atomic_fetch_add(&control->count, 1) + 1;
	atomic_store(&control->trace[number % TRACE_CALLS], (uint8_t)call);
	if (atomic_load(&control->held) == number)
		wait_while_held(number);
	if (!atomic_load(&control->first) || number < atomic_load(&control->first) ||
	    number > atomic_load(&control->last))
		return 0;
	atomic_fetch_add(&control->failed_count, 1);
	errno = (int)atomic_load(&control->error);
	return 1;
}

/* The next definition of the symbol, which is libc's. */
static long libc_syscall(long number, const long a[6])
{
	static _Atomic(void *) next;
	long (*call)(long, ...);
	void *symbol = atomic_load(&next);

	if (!symbol) {
		symbol = dlsym(RTLD_NEXT, "syscall");
		atomic_store(&next, symbol);
	}
	*(void **)&call = symbol;
	return call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* libc's names of the parameters are reserved to it.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
long syscall(long number, ...)
{
	va_list arguments;
	long values[6];

	va_start(arguments, number);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		values[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_bpf && values[0] >= 0 && values[0] < CALL_READ_LIST &&
	    fails((unsigned int)values[0]))
		return -1;
	return libc_syscall(number, values);
}

/* Whether the descriptor is that of a list file. */
static int is_list(int fd)
{
	char link[64], path[4096];
	ssize_t bytes;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	bytes = readlink(link, path, sizeof(path));
	return bytes > 5 && !memcmp(path + bytes - 5, ".list", 5);
}

ssize_t read(int fd, void *buffer, size_t size)
{
	const long values[6] = { fd, (long)buffer, (long)size };

	if (control && atomic_load(&control->calls) >> CALL_READ_LIST & 1 && is_list(fd) &&
	    fails(CALL_READ_LIST))
		return -1;
	return libc_syscall(SYS_read, values);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	long values[6] = { (long)address, (long)length, protection, flags, fd, offset };

	if (fails(CALL_MMAP))
		return MAP_FAILED;
	return (void *)libc_syscall(SYS_mmap, values);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	return mmap(address, length, protection, flags, fd, offset);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
