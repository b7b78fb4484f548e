/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of an import, passed from the main loop to the worker without a copy. */
#include "daemon/import.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

struct import *import_new(struct evbuffer *body, const char *name)
{
	struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return NULL;
	import->name = strdup(name);
	import->body = evbuffer_new();
	if (!import->name || !import->body || evbuffer_add_buffer(import->body, body)) {
		import_free(import);
		return NULL;
	}
	return import;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	if (import->body)
		evbuffer_free(import->body);
	free(import->name);
	free(import);
}

ssize_t import_read(void *context, char *buffer, size_t size)
{
	const struct import *import = context;
	int bytes = evbuffer_remove(import->body, buffer, size);

	return bytes < 0 ? -ENOMEM : bytes;
}
