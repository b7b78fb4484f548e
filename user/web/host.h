/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refuses names that an attacker chose. A site on the web can make its own name point to this
 * host (DNS rebinding); a browser then shows it what we answer, but still asks by that name. */
#ifndef WEB_HOST_H
#define WEB_HOST_H

#include <stdbool.h>

/* Whether the value of a header "Host" is an address, "localhost" or one of @names, which are
 * separated by blanks; with any port. @host and @names may be NULL. */
bool host_is_ours(const char *host, const char *names);

#endif
