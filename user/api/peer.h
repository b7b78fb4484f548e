/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identifies the client of the control socket. */
#ifndef API_PEER_H
#define API_PEER_H

#include <event2/http.h>
#include <stdbool.h>
#include <sys/types.h>

/* The user of the client, from SO_PEERCRED. */
struct peer {
	bool is_known;
	uid_t uid;
};

struct peer peer_of(struct evhttp_request *request);

/**
 * peer_author() - find the name of a user, or else the number
 * @sudo_user: the name to use if @peer is root; NULL or empty: none
 *
 * Asks NSS, which may take a long time: must not be called by the main loop. Return: a text
 * that the caller frees; NULL: out of memory.
 */
char *peer_author(const struct peer *peer, const char *sudo_user);

bool peer_is_root(const struct peer *peer);
/* Whether peer_author() uses @sudo_user, so that root has named the author. */
bool peer_is_sudo(const struct peer *peer, const char *sudo_user);

#endif
