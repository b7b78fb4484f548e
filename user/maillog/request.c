/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the request: lines with a key and a value. */
#include "maillog/request.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void take_line(struct request *request, char *line)
{
	const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{ "server ", &request->server },
		{ "file ", &request->file },
		{ "journal ", &request->journal },
		{ "position ", &request->position },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strncmp(line, keys[i].key, strlen(keys[i].key)))
			*keys[i].value = line + strlen(keys[i].key);
}

int request_read(int fd, struct request *request)
{
	ssize_t bytes = pread(fd, request->text, sizeof(request->text) - 1, 0);
	char *rest = request->text, *line;

	if (bytes < 0)
		return -EINVAL;
	request->text[bytes] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		take_line(request, line);
	return request->file || request->journal ? 0 : -EINVAL;
}
