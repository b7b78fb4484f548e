// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS of connections to servers. Nothing can switch the check of certificates off. */
#include "redis/tls.h"

#include <arpa/inet.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

SSL_CTX *redis_tls_new(const char *ca, char *why, size_t why_bytes)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls) {
		snprintf(why, why_bytes, "out of memory");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	ERR_clear_error();
	if (ca ? !SSL_CTX_load_verify_locations(tls, ca, NULL)
	       : !SSL_CTX_set_default_verify_paths(tls)) {
		const char *reason = ERR_reason_error_string(ERR_peek_last_error());

		snprintf(why, why_bytes, "cannot read the certificates of %s: %s",
			 ca ? ca : "the system", reason ? reason : "no certificate in it");
		SSL_CTX_free(tls);
		tls = NULL;
	}
	/* What is left here would be taken for a failure of a connection. */
	ERR_clear_error();
	return tls;
}

static int expect_host(SSL *session, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char name[256];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
	SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	snprintf(name, sizeof(name), "%s", host);
	return SSL_set1_host(session, name) && SSL_set_tlsext_host_name(session, name);
}

SSL *redis_tls_session(SSL_CTX *tls, const char *host)
{
	SSL *session = SSL_new(tls);

	if (session && !expect_host(session, host)) {
		SSL_free(session);
		ERR_clear_error();
		return NULL;
	}
	return session;
}

void redis_tls_problem(struct bufferevent *connection, char *why, size_t why_bytes)
{
	SSL *session = bufferevent_openssl_get_ssl(connection);
	const long verdict = session ? SSL_get_verify_result(session) : X509_V_OK;
	const unsigned long error = bufferevent_get_openssl_error(connection);
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	if (verdict != X509_V_OK)
		snprintf(why, why_bytes, "the certificate is not accepted: %s",
			 X509_verify_cert_error_string(verdict));
	else if (error)
		snprintf(why, why_bytes, "TLS has failed: %s", reason ? reason : "unknown reason");
	else
		*why = '\0';
}
