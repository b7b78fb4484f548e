/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verified reverse names of an address. If they become those of another organisation, the
 * address may belong to someone else. One sighting proves nothing, and a host may have several
 * names, of which each look-up finds one. So another organisation is believed if it is seen twice
 * and the old one is not seen in between; what alternates with the old one belongs to it.
 */
#ifndef LEARN_NAMES_H
#define LEARN_NAMES_H

#include "learn/evidence.h"

/* An address with names of more organisations does not tell whose it is. */
#define LEARN_NAMES_ALSO_MAX 4
#define LEARN_NAMES_ALSO_BYTES (LEARN_NAMES_ALSO_MAX * EVIDENCE_DOMAIN_BYTES)

struct learn_names {
	char name[EVIDENCE_DOMAIN_BYTES];  /* the last one that is believed, or "" */
	char other[EVIDENCE_DOMAIN_BYTES]; /* of another organisation, seen once, or "" */
	char also[LEARN_NAMES_ALSO_BYTES]; /* organisations that alternate with it, each with a
					    * blank behind it */
};

/* Take a name that was seen; after all that were seen before. Return: whether @names changed. */
bool learn_names_see(struct learn_names *names, const char *name);

#endif
