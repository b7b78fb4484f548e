// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps over rtnetlink: libbpf has none of links, and none of filters of all kinds. */
#include "datapath/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

/* A dump comes in messages of up to 32 KiB. */
#define DUMP_BYTES 32768

int netlink_dump(uint16_t type, const void *request, size_t size,
		 int (*visit)(const struct nlmsghdr *message, void *context), void *context)
{
	char buffer[DUMP_BYTES];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int result = MNL_CB_ERROR;

	if (!netlink)
		return -errno;
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = 1;
	memcpy(mnl_nlmsg_put_extra_header(header, size), request, size);
	if (!mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) &&
	    mnl_socket_sendto(netlink, header, header->nlmsg_len) > 0) {
		do {
			ssize_t received = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));

			result = received < 0
				     ? MNL_CB_ERROR
				     : mnl_cb_run(buffer, (size_t)received, 1,
						  mnl_socket_get_portid(netlink), visit, context);
		} while (result == MNL_CB_OK);
	}
	mnl_socket_close(netlink);
	return result == MNL_CB_ERROR ? -EIO : 0;
}
