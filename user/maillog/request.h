/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwld asks of the reader. */
#ifndef MAILLOG_REQUEST_H
#define MAILLOG_REQUEST_H

#include "maillog/protocol.h"

struct request {
	char text[MAILLOG_REQUEST_BYTES_MAX + 1];
	/* In the text, or NULL. */
	const char *server, *file, *journal, *position;
};

/* Return: 0; -EINVAL: it has neither file nor journal, or cannot be read. */
int request_read(int fd, struct request *request);

#endif
