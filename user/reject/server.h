/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections of ipwl-reject, and their limits. */
#ifndef REJECT_SERVER_H
#define REJECT_SERVER_H

#include <stdbool.h>

#include "reject/session.h"

/* A connection that says nothing for so long ends, and each one after SERVER_LIFE_SEC. The kernel
 * lets packets of one pass for longer (IPWL_REJECT_LIFE_SEC). */
#define SERVER_IDLE_SEC 30
#define SERVER_LIFE_SEC 120
/* The same of one IPv4 address or IPv6 /64. More are told to come later. */
#define SERVER_PER_SOURCE_MAX 10
/* Bytes of a client that are read. */
#define SERVER_BYTES_MAX 65536
/* Connections that wait to be accepted. If most places are taken, ipwld hands none over. */
#define SERVER_BACKLOG 128

struct server;

/* @connections_max: while there are so many, no more are accepted. NULL: out of memory, or no
 * event loop. */
struct server *server_new(unsigned int connections_max, bool logs);
void server_free(struct server *server);

/**
 * server_listen() - listen for the sessions of one setup
 * @address: "127.0.0.1:10026" or "[::1]:10026"
 * @setup: must outlive the server
 * @error: says which step failed, for the errno value that is returned
 *
 * Return: 0, or -errno; -EINVAL: it is no address with a port.
 */
int server_listen(struct server *server, const char *address, const struct session_setup *setup,
		  const char **ret_step);

/* Serve until SIGTERM or SIGINT. Return: 0 or -EIO. */
int server_run(struct server *server);

#endif
