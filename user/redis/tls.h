/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS to a server whose certificate must be valid for its name. */
#ifndef REDIS_TLS_H
#define REDIS_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>

struct bufferevent;

/* @ca: a PEM file of authorities; NULL: those of the system. NULL: @why says what is wrong. */
SSL_CTX *redis_tls_new(const char *ca, char *why, size_t why_bytes);

/* For one connection; @host: a name or an address that the certificate must have. NULL: out of
 * memory, or no name that a certificate can have. */
SSL *redis_tls_session(SSL_CTX *tls, const char *host);

/* Why the connection of a bufferevent with TLS has failed; empty: TLS is not to blame. */
void redis_tls_problem(struct bufferevent *connection, char *why, size_t why_bytes);

#endif
