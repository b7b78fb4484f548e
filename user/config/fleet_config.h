/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of the fleet: the key `fleet:`. */
#ifndef CONFIG_FLEET_CONFIG_H
#define CONFIG_FLEET_CONFIG_H

#include <stdbool.h>

#include "core/entry.h"

struct fleet_settings {
	char *name;	     /* of the fleet; NULL: this host is in none */
	char *host;	     /* of this host in it */
	char *url;	     /* redis/url.h */
	char *user;	     /* NULL: the default user of the server */
	char *password_file; /* NULL: no password */
	char *key_file;
	char *ca; /* NULL: the authorities of the system */
	/* What this host tells the others, by enum fleet_kind (core/fleet_kind.h). */
	bool publishes[SOURCE_COUNT];
	bool shares_feeds; /* one host fetches a feed for all */
	char *only_from;   /* "mx2,mx3": entries of other hosts are not in force; NULL: of all */
};

/* Whether entries of that host may be in force here. */
bool fleet_settings_believe(const struct fleet_settings *settings, const char *host);

/* "mail (host mx1, url redis://…)" with the settings that differ from the default, to be freed. "":
 * there is no fleet; NULL: out of memory. */
char *fleet_settings_text(const struct fleet_settings *settings);

void fleet_settings_done(struct fleet_settings *settings);

#endif
