/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of the control socket, by SO_PEERCRED. */
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

/* Return: 0 or -1. */
static int read_peer(struct evhttp_request *request, struct ucred *ret_peer)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);
	socklen_t bytes = sizeof(*ret_peer);

	return getsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_PEERCRED, ret_peer, &bytes);
}

bool peer_is_root(struct evhttp_request *request)
{
	struct ucred peer;

	return !read_peer(request, &peer) && !peer.uid;
}

bool peer_is_sudo(struct evhttp_request *request, const char *sudo_user)
{
	struct ucred peer;

	return sudo_user && *sudo_user && !read_peer(request, &peer) && !peer.uid;
}

char *peer_author(struct evhttp_request *request, const char *sudo_user)
{
	struct ucred peer;

	if (peer_is_sudo(request, sudo_user))
		return strdup(sudo_user);
	return read_peer(request, &peer) ? strdup("unknown") : user_name(peer.uid);
}
