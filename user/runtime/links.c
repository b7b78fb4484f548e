/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket in the group of link changes. */
#include "runtime/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

int links_open(struct mnl_socket **ret_links)
{
	struct mnl_socket *links = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int group = RTNLGRP_LINK;
	int err;

	if (!links)
		return -errno;
	if (mnl_socket_bind(links, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(links, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		err = -errno;
		mnl_socket_close(links);
		return err;
	}
	*ret_links = links;
	return 0;
}

void links_close(struct mnl_socket *links)
{
	if (links)
		mnl_socket_close(links);
}

int links_fd(const struct mnl_socket *links)
{
	return mnl_socket_get_fd(links);
}

void links_drain(const struct mnl_socket *links)
{
	char buffer[8192];

	/* ENOBUFS: messages were lost, which is news too. */
	while (recv(mnl_socket_get_fd(links), buffer, sizeof(buffer), 0) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}
