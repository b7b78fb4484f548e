/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ipwld and ipwl-fetch say to each other. Both texts are lines of a key, a blank
 * and a value without control characters; a key is there once at most.
 *
 * The request: url, max_bytes, timeout_sec, and if they are known user, token (the password
 * of the user, or a bearer token), ca_file, etag, last_modified. The result: result, and if there
 * is something to say message, etag, last_modified, retry_after_sec.
 *
 * ipwld starts the fetcher, or, where FETCH_SOCKET_VARIABLE names a socket, connects there and
 * sends one byte with the three files as SCM_RIGHTS in the order of their numbers; who listens
 * starts a fetcher with the connection as its standard input. Its end is the fetcher's.
 *
 * The fetcher talks to strangers: ipwld takes its result for as little as theirs.
 */
#ifndef FETCH_PROTOCOL_H
#define FETCH_PROTOCOL_H

/* Descriptors of the fetcher, files all of them: reading and writing never waits. */
#define FETCH_REQUEST_FD 0
#define FETCH_RESULT_FD 1
#define FETCH_BODY_FD 3
#define FETCH_FILE_COUNT 3
/* Kept open to the end, if there is one. */
#define FETCH_CONNECTION_FD 4

#define FETCH_SOCKET_VARIABLE "IPWL_FETCH_SOCKET"

#define FETCH_TEXT_BYTES_MAX 16384

/* Values of `result`. */
#define FETCH_NEW "new"		    /* the body is there */
#define FETCH_UNCHANGED "unchanged" /* the source said so */
#define FETCH_FAILED "failed"	    /* `message` says why */

/* The user that it becomes where it starts as root, and the one if there is none. */
#define FETCH_USER "ipwl-fetch"
#define FETCH_USER_FALLBACK "nobody"

/* It ends by itself this long after the time that it was given. */
#define FETCH_GRACE_SEC 5

#endif
