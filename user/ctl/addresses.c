/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the addresses of the command line and of standard input. All are read before the
 * first is tested, so a bad address is reported before any result is printed. */
#include "ctl/addresses.h"
#include "core/prefix_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"

/* At most this many bad addresses are reported one by one. */
#define REPORTED_MAX 20

static void add_address(struct addresses *addresses, const struct prefix *prefix)
{
	if (addresses->count == addresses->capacity) {
		addresses->capacity = addresses->capacity ? addresses->capacity * 2 : 16;
		addresses->items = ctl_allocated(
		    reallocarray(addresses->items, addresses->capacity, sizeof(*addresses->items)));
	}
	addresses->items[addresses->count++] = *prefix;
}

static void report_address(struct addresses *addresses, const char *where, const char *message)
{
	if (addresses->bad_count++ < REPORTED_MAX)
		ctl_error("%s%s", where, message);
}

static void read_address(struct addresses *addresses, const char *where, const char *text,
			 size_t bytes)
{
	char message[PREFIX_MESSAGE_BYTES];
	struct prefix prefix;
	enum prefix_error error = prefix_parse(text, bytes, &prefix, NULL);

	if (error) {
		prefix_error_message(error, text, bytes, message);
		report_address(addresses, where, message);
	} else if (prefix.len != prefix_max_len(prefix.family)) {
		snprintf(message, sizeof(message), "%.*s is a network: test takes single addresses",
			 (int)bytes, text);
		report_address(addresses, where, message);
	} else {
		add_address(addresses, &prefix);
	}
}

static void read_lines(struct addresses *addresses)
{
	static const char blanks[] = " \t\r\n";
	char where[64];
	char *line = NULL;
	size_t size = 0;
	size_t number = 0;
	ssize_t length;

	errno = 0;
	while ((length = getline(&line, &size, stdin)) >= 0) {
		size_t bytes = (size_t)length;
		size_t start;

		while (bytes && strchr(blanks, line[bytes - 1]) && line[bytes - 1])
			bytes--;
		start = strspn(line, blanks);
		snprintf(where, sizeof(where), "standard input:%zu: ", ++number);
		if (start < bytes && line[start] != '#')
			read_address(addresses, where, line + start, bytes - start);
	}
	if (ferror(stdin))
		report_address(addresses, "cannot read standard input: ", strerror(errno));
	free(line);
}

enum ctl_exit addresses_read(struct addresses *addresses, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->positional_count; i++) {
		const char *text = arguments->positional[i];

		if (!strcmp(text, "-"))
			read_lines(addresses);
		else
			read_address(addresses, "", text, strlen(text));
	}
	if (addresses->bad_count > REPORTED_MAX)
		ctl_error("and %zu more", addresses->bad_count - REPORTED_MAX);
	/* Not CTL_DONE: that would mean that all are allowed. */
	if (!addresses->bad_count && !addresses->count)
		report_address(addresses, "", "standard input contains no address");
	return addresses->bad_count ? CTL_INVALID : CTL_DONE;
}

void addresses_done(struct addresses *addresses)
{
	free(addresses->items);
}
