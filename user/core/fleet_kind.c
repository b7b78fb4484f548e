/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/fleet_kind.h"

const char *const fleet_kind_names[] = {
	[FLEET_MANUAL] = "manual",
	[FLEET_LEARNED] = "learned",
	[FLEET_PROTECTIONS] = "protections",
	[FLEET_EVIDENCE] = "evidence",
};
_Static_assert(sizeof(fleet_kind_names) / sizeof(*fleet_kind_names) == FLEET_KIND_COUNT, "all");
