/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of addresses by reverse DNS. Who controls an address chooses its name: it proves
 * nothing. */
#ifndef CTL_NAMES_H
#define CTL_NAMES_H

#include <jansson.h>

#include "ctl/ctl.h"

/**
 * names_add() - give each object of an array the member `name`
 * @key: the member with the address
 * @servers: resolvers to ask, or NULL: those of resolv.conf
 *
 * All are asked at the same time, for a few seconds in total. The name is null if there is none,
 * or no answer in that time. Return: CTL_DONE; CTL_INVALID: the servers are no addresses;
 * CTL_NEGATIVE: no resolver can be used. An error was printed.
 */
enum ctl_exit names_add(json_t *array, const char *key, const char *servers);

#endif
