/* SPDX-License-Identifier: GPL-2.0-or-later */
/* News of network devices that come, go or change their name (rtnetlink). */
#ifndef RUNTIME_LINKS_H
#define RUNTIME_LINKS_H

struct mnl_socket;

/* A socket whose descriptor gets readable when a device changed. Return: 0 or -errno. */
int links_open(struct mnl_socket **ret_links);
/* NULL is fine. */
void links_close(struct mnl_socket *links);
int links_fd(const struct mnl_socket *links);

/* Read all pending messages. Their content does not matter, because all names are looked up
 * again. */
void links_drain(const struct mnl_socket *links);

#endif
