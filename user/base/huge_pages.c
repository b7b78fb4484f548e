/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel for huge pages. Without them, everything only takes longer. */
#include "base/huge_pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Less is not worth a huge page that is used in part. */
#define LARGE_BYTES (8UL << 20)

void memory_use_huge_pages(void *memory, size_t bytes)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *begin = memory;
	size_t skipped = (page_bytes - (uintptr_t)begin % page_bytes) % page_bytes;

	if (!memory || bytes < LARGE_BYTES)
		return;
	bytes -= skipped;
	(void)madvise(begin + skipped, bytes - bytes % page_bytes, MADV_HUGEPAGE);
}
