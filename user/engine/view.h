/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine lets any thread look at. */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

struct datapath;
struct hits;
struct learning;
struct protections;
struct seen;

/* What is known of entries beyond the policy. */
struct entry_view {
	struct datapath *datapath;
	struct hits *hits;
	struct protections *protections;
	struct learning *learning; /* see learned.h; never NULL */
	struct seen *seen;	   /* see seen.h; never NULL */
};

#endif
