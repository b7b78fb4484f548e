/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that `test` looks up. */
#ifndef CTL_ADDRESSES_H
#define CTL_ADDRESSES_H

#include "core/prefix.h"
#include "ctl/command.h"

struct addresses {
	struct prefix *items;
	char **names; /* of each, the host name that was asked for; NULL: it was an address */
	size_t count;
	size_t capacity;
	size_t bad_count;
};

/* Read all addresses of a command line. "-" means the lines of standard input; blank lines
 * and `#` comments are skipped there. Host names are resolved. Reports each bad address.
 * Return: CTL_DONE; CTL_INVALID if an address was bad or there was no address. */
enum ctl_exit addresses_read(struct addresses *addresses, const struct arguments *arguments);
void addresses_done(struct addresses *addresses);

#endif
