/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hosts of a fleet tell each other. */
#ifndef CORE_FLEET_KIND_H
#define CORE_FLEET_KIND_H

enum fleet_kind {
	FLEET_MANUAL,	   /* an entry that a person has added */
	FLEET_LEARNED,	   /* an entry that was learned */
	FLEET_PROTECTIONS, /* that an entry is protected */
	FLEET_EVIDENCE,	   /* what was seen of a sender, or sent to a domain; lists nothing */
	FLEET_KIND_COUNT,
};

/* "manual", "learned", "protections", "evidence": in records and in the configuration. */
extern const char *const fleet_kind_names[FLEET_KIND_COUNT];

#endif
