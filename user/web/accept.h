/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header "Accept" of a client that wants metrics. */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include "web/exposition.h"

/* The format that the client prefers (RFC 9110, 12.5.1). NULL: there is no such header.
 * OpenMetrics only if the client names it or prefers it, so that a browser and curl get the plain
 * text. */
enum exposition_format accept_choose(const char *accept);

#endif
