/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that is to become manual entries: what a job of that kind is given, and what
 * came of it. */
#ifndef DAEMON_IMPORT_H
#define DAEMON_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/read.h"

/* Largest list, packed or not, that is taken. */
#define IMPORT_BYTES_MAX (64U << 20)

struct evbuffer;

struct import {
	struct evbuffer *body; /* the list; the worker empties it */
	char *name;	       /* for diagnostics */
	enum format format;
	bool is_dry_run;

	struct format_result result;
	int64_t expires_at_sec; /* where the list says nothing else; 0: never */
	size_t added_count;
	size_t replaced_count;
};

/* An import of the bytes in @body, which are moved. NULL: out of memory. */
struct import *import_new(struct evbuffer *body, const char *name);
/* NULL is fine. */
void import_free(struct import *import);

/* Read on in the list; a format_input's. @context is the import. */
ssize_t import_read(void *context, char *buffer, size_t size);

#endif
