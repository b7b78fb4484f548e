// SPDX-License-Identifier: GPL-2.0-or-later
/* Ends ipwlctl when memory runs out: its output would be incomplete anyway. */
#include "ctl/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"

void *ctl_allocated(void *pointer)
{
	if (!pointer) {
		fputs("ipwlctl: out of memory\n", stderr);
		exit(CTL_NEGATIVE);
	}
	return pointer;
}
