/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of the control socket. */
#ifndef API_PEER_H
#define API_PEER_H

#include <event2/http.h>
#include <stdbool.h>

/* The name, or else the number, of the user who sent @request; @sudo_user (may be
 * NULL) if that is root and names one. NULL: out of memory. To be freed. */
char *peer_author(struct evhttp_request *request, const char *sudo_user);

/* Whether that is root. */
bool peer_is_root(struct evhttp_request *request);
/* Whether that name is root's word: @sudo_user. */
bool peer_is_sudo(struct evhttp_request *request, const char *sudo_user);

#endif
