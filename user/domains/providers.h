/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of shared providers. */
#ifndef DOMAINS_PROVIDERS_H
#define DOMAINS_PROVIDERS_H

/* Domains, ended by NULL. Names inside them count, too. */
extern const char *const shared_providers[];

#endif
