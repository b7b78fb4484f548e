/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identifies the client of the control socket by SO_PEERCRED. */
#include "api/peer.h"

#include <event2/bufferevent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PASSWD_BYTES 16384

static char *user_name(uid_t uid)
{
	char *buffer = malloc(PASSWD_BYTES);
	struct passwd passwd, *found = NULL;
	char *name = NULL;

	if (!buffer)
		return NULL;
	getpwuid_r(uid, &passwd, buffer, PASSWD_BYTES, &found);
	if (found)
		name = strdup(found->pw_name);
	else if (asprintf(&name, "%u", uid) < 0)
		name = NULL;
	free(buffer);
	return name;
}

struct peer peer_of(struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);
	struct ucred credentials;
	socklen_t bytes = sizeof(credentials);

	if (getsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes))
		return (struct peer) { .is_known = false };
	return (struct peer) { .is_known = true, .uid = credentials.uid };
}

bool peer_is_root(const struct peer *peer)
{
	return peer->is_known && !peer->uid;
}

bool peer_is_sudo(const struct peer *peer, const char *sudo_user)
{
	return sudo_user && *sudo_user && peer_is_root(peer);
}

char *peer_author(const struct peer *peer, const char *sudo_user)
{
	if (peer_is_sudo(peer, sudo_user))
		return strdup(sudo_user);
	return peer->is_known ? user_name(peer->uid) : strdup("unknown");
}
