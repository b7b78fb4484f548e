/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of the status page. */
#ifndef CONFIG_WEB_CONFIG_H
#define CONFIG_WEB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct web_settings {
	char *listen_host; /* NULL: there is no page */
	uint16_t listen_port;
	bool is_remote;	  /* other hosts may reach it */
	char *token_file; /* NULL: no token is needed */
	/* Names under which a browser may ask for it, besides localhost and addresses, separated by
	 * blanks; or NULL. */
	char *names;
};

#endif
