/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into ipwld, has its clocks go ahead as the test says. The two share the file
 * that the environment names as IPWL_CLOCKS; clocks.py has its other side. The kernel's own
 * timers know nothing of it.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct ahead {
	_Atomic int64_t wall_sec; /* the wall clock alone */
	_Atomic int64_t all_sec;  /* all clocks: time has passed */
};

static struct ahead *ahead;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("IPWL_CLOCKS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *memory;

	if (fd < 0)
		abort();
	memory = mmap(NULL, sizeof(*ahead), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	close(fd);
	ahead = memory;
}

/* libc's names of the parameters are reserved to it.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = (int)syscall(SYS_clock_gettime, clock, now);

	if (err || !ahead)
		return err;
	now->tv_sec += atomic_load(&ahead->all_sec);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += atomic_load(&ahead->wall_sec);
	return 0;
}
