/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the networks that a person types. */
#ifndef FORMATS_NETWORK_TEXT_H
#define FORMATS_NETWORK_TEXT_H

#include "core/prefix.h"

/* At most so many prefixes at once. For more there are imports. */
#define NETWORKS_MAX 1000
#define NETWORKS_MESSAGE_BYTES 512

/* Prefixes in order, each once. They may nest. */
struct networks {
	struct prefix *items;
	size_t count;
};

/**
 * networks_parse() - add the prefixes of a text
 * @text: networks separated by commas: prefixes, ranges "A-B", masks "A/255.255.255.0" and
 *        wildcards "192.0.2.*"
 * @networks: to be freed with networks_done(); unchanged on failure
 * @message: what is wrong and what to write; set if the result is -EINVAL
 *
 * A range becomes the fewest prefixes that cover it. Return: 0, -EINVAL or -ENOMEM.
 */
int networks_parse(const char *text, size_t text_bytes, struct networks *networks,
		   char message[NETWORKS_MESSAGE_BYTES]);
void networks_done(struct networks *networks);

#endif
