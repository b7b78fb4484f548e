/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages for large arrays: fewer page faults, and fewer walks through page tables. */
#ifndef BASE_HUGE_PAGES_H
#define BASE_HUGE_PAGES_H

#include <stddef.h>

/* Have the kernel back memory from malloc() with huge pages, if it is large and the kernel can.
 * NULL is fine. */
void memory_use_huge_pages(void *memory, size_t bytes);

#endif
