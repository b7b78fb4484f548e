/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transfer by libcurl. */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "fetch/body.h"
#include "fetch/request.h"

#define FETCH_MESSAGE_BYTES 1024
#define FETCH_HEADER_BYTES 512

struct fetch {
	const char *result; /* a value of `result` in protocol.h */
	char message[FETCH_MESSAGE_BYTES];
	char etag[FETCH_HEADER_BYTES]; /* empty: the source sent none */
	char last_modified[FETCH_HEADER_BYTES];
	long retry_after_sec; /* 0: the source did not say */
};

/* Fetch what @request asks for into @body. The result is in @fetch. */
void fetch_run(const struct request *request, struct body *body, struct fetch *fetch);

#endif
