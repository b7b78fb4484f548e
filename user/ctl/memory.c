// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of ipwlctl where memory has run out: what it would have shown is lost anyway. */
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
