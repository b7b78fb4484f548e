/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a client says to ipwl-reject, each reply is one line of printable ASCII, and so is what
 * is logged of it. The first byte chooses how it rejects. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reject/session.h"

static const struct session_setup setups[] = {
	{ .host = "mx.test", .text = "see https://mx.test/?ip=%a, 100%%" },
	{ .host = "mx.test", .text = "no", .greets_so = true },
};

static void check_printable(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (text[i] < ' ' || text[i] > '~')
			abort();
}

static void check_reply(const char *reply)
{
	size_t bytes = strlen(reply);

	if (bytes < 6 || bytes >= SESSION_REPLY_BYTES || strcmp(reply + bytes - 2, "\r\n") != 0)
		abort();
	check_printable(reply, bytes - 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char reply[SESSION_REPLY_BYTES], text[SESSION_DESCRIPTION_BYTES];
	const char *line = (const char *)data + 1, *end = (const char *)data + size;
	struct session session;

	if (!size)
		return 0;
	session_init(&session, &setups[data[0] % 2], "2001:db8::1");
	session_greet(&session, reply);
	check_reply(reply);
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		bool goes_on;

		if (!stop)
			stop = end;
		goes_on = session_command(&session, line, (size_t)(stop - line), reply);
		check_reply(reply);
		if (!goes_on)
			break;
		line = stop + 1;
	}
	session_describe(&session, text);
	check_printable(text, strlen(text));
	return 0;
}
