/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DATAPATH_NETLINK_H
#define DATAPATH_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/**
 * netlink_dump() - ask the kernel for all objects of a kind
 * @type: RTM_GET*
 * @request: the request's own header, such as struct ifinfomsg
 * @size: of @request, at most 64 bytes
 * @visit: gets each message; returns a value of mnl_cb_t
 *
 * Return: 0, or a negative error number.
 */
int netlink_dump(uint16_t type, const void *request, size_t size,
		 int (*visit)(const struct nlmsghdr *message, void *context), void *context);

#endif
