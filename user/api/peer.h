/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of the control socket. */
#ifndef API_PEER_H
#define API_PEER_H

#include <event2/http.h>
#include <stdbool.h>
#include <sys/types.h>

/* A user, by SO_PEERCRED. */
struct peer {
	bool is_known;
	uid_t uid;
};

struct peer peer_of(struct evhttp_request *request);

/**
 * peer_author() - the name of a user, or else the number
 * @sudo_user: the name if @peer is root; NULL or empty: none
 *
 * Asks NSS, which may take its time: not for the main loop. Return: to be freed; NULL: out
 * of memory.
 */
char *peer_author(const struct peer *peer, const char *sudo_user);

bool peer_is_root(const struct peer *peer);
/* Whether the name is root's word: @sudo_user. */
bool peer_is_sudo(const struct peer *peer, const char *sudo_user);

#endif
