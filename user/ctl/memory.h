/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that has run out ends ipwlctl. */
#ifndef CTL_MEMORY_H
#define CTL_MEMORY_H

/* Returns @pointer; if it is NULL, memory has run out: says so and exits. */
void *ctl_allocated(void *pointer);

#endif
