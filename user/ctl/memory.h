/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that cannot fail: ipwlctl exits instead. */
#ifndef CTL_MEMORY_H
#define CTL_MEMORY_H

/* Return @pointer, or report that memory has run out and exit if it is NULL. */
void *ctl_allocated(void *pointer);

#endif
