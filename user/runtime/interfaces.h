/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configured interfaces, kept attached as devices come and go. For the main loop
 * alone. */
#ifndef RUNTIME_INTERFACES_H
#define RUNTIME_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "datapath/datapath.h"

struct attachment {
	char *name;
	struct interface *interface;	  /* NULL: its programs do not load */
	int ifindex;			  /* of the device now; 0: there is none */
	char error[DATAPATH_ERROR_BYTES]; /* why it is not attached, or what does not work; "" if
					     nothing is wrong */
	char logged[DATAPATH_ERROR_BYTES];
};

struct interfaces {
	struct datapath *datapath;
	enum xdp_mode xdp_mode;
	struct attachment *items;
	size_t count;
};

void interfaces_init(struct interfaces *interfaces, struct datapath *datapath);
/* What is attached stays attached. */
void interfaces_done(struct interfaces *interfaces);

/* Attach what is configured, detach what is not. Return: 0 or -ENOMEM. */
int interfaces_configure(struct interfaces *interfaces, const struct config *config);

/* Check the devices again and attach to new ones. With @retries, also retry those that failed,
 * and attach programs again that someone has removed. */
void interfaces_check(struct interfaces *interfaces, bool retries);

/* All programs have been detached; interfaces_check() will attach them again. */
void interfaces_were_detached(struct interfaces *interfaces);

enum attach_mode attachment_mode(const struct attachment *attachment);
enum marking attachment_marking(const struct attachment *attachment);
size_t interfaces_count_attached(const struct interfaces *interfaces);

#endif
