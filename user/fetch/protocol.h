/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between ipwld and ipwl-fetch. Both texts consist of lines with a key, a blank
 * and a value without control characters. Each key occurs at most once.
 *
 * The request has url, max_bytes and timeout_sec. If they are known, it also has user, token
 * (the password of the user, or a bearer token), header ("NAME: VALUE"), ca_file, proxy,
 * no_proxy, etag and last_modified. The result has result and, if they are known, message, etag,
 * last_modified and retry_after_sec.
 *
 * ipwld starts the fetcher itself. If FETCH_SOCKET_VARIABLE names a socket, it connects there
 * instead and sends one byte with the three files as SCM_RIGHTS, in the order of their numbers.
 * The listener starts a fetcher with the connection as standard input. The connection ends when
 * the fetcher ends.
 *
 * The fetcher talks to strangers, so ipwld trusts its result no more than theirs.
 */
#ifndef FETCH_PROTOCOL_H
#define FETCH_PROTOCOL_H

/* Descriptors of the fetcher. All are files, so reading and writing never waits. */
#define FETCH_REQUEST_FD 0
#define FETCH_RESULT_FD 1
#define FETCH_BODY_FD 3
#define FETCH_FILE_COUNT 3
/* The connection, if there is one; it stays open until the fetcher ends. */
#define FETCH_CONNECTION_FD 4

#define FETCH_SOCKET_VARIABLE "IPWL_FETCH_SOCKET"

#define FETCH_TEXT_BYTES_MAX 32768

/* Values of `result`. */
#define FETCH_NEW "new"		    /* the body is there */
#define FETCH_UNCHANGED "unchanged" /* the source said so */
#define FETCH_FAILED "failed"	    /* `message` says why */

/* If the fetcher starts as root, it becomes this user. */
#define FETCH_USER "ipwl-fetch"

/* The fetcher ends by itself this long after its timeout. */
#define FETCH_GRACE_SEC 5

#endif
