// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the kernel which socket listens at an address, and how full its queue is (INET_DIAG). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "datapath/internal.h"

/* An answer is one message with few attributes, because none are asked for. */
#define ANSWER_BYTES 4096

static const uint8_t families[FAMILY_COUNT] = {
	[FAMILY_IPV4] = AF_INET,
	[FAMILY_IPV6] = AF_INET6,
};

/* Whether other hosts can reach a socket that is bound to this address. */
static bool is_public_bind(const struct inet_diag_msg *listener)
{
	struct prefix address = { .family = FAMILY_IPV4, .len = 32 };

	if (listener->idiag_family == AF_INET6)
		address = (struct prefix) { .family = FAMILY_IPV6, .len = 128 };
	memcpy(address.addr, listener->id.idiag_src, address.len / 8);
	return !lane_address_is_loopback(&address);
}

static int take_answer(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *listener = mnl_nlmsg_get_payload(message);
	struct lane_look *look = context;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*listener))
		return MNL_CB_ERROR;
	/* Another state: a connection that happens to have these addresses. */
	if (listener->idiag_state != TCP_LISTEN)
		return MNL_CB_STOP;
	look->is_there = true;
	look->is_public = is_public_bind(listener);
	look->waiting = listener->idiag_rqueue;
	look->waiting_max = listener->idiag_wqueue;
	return MNL_CB_STOP;
}

static void put_request(char *buffer, const struct lane_end *end)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_seq = 1;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = families[end->address.family];
	request->sdiag_protocol = IPPROTO_TCP;
	request->idiag_states = 1U << TCP_LISTEN;
	request->id.idiag_sport = htons(end->port);
	memcpy(request->id.idiag_src, end->address.addr, end->address.len / 8);
	request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

/* Return: 0 or -errno; -ENOENT: nobody listens. */
static int ask(struct mnl_socket *netlink, const struct lane_end *end, struct lane_look *look)
{
	char buffer[ANSWER_BYTES] __attribute__((aligned(8))) = { 0 };
	ssize_t received;

	put_request(buffer, end);
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(netlink, buffer, ((struct nlmsghdr *)(void *)buffer)->nlmsg_len) < 0)
		return -errno;
	received = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (received < 0)
		return -errno;
	return mnl_cb_run(buffer, (size_t)received, 1, mnl_socket_get_portid(netlink), take_answer,
			  look) == MNL_CB_ERROR
		   ? -errno
		   : 0;
}

void listener_look(const struct lane_end *end, struct lane_look *ret_look)
{
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	struct lane_look look = { .err = 0 };

	*ret_look = look;
	if (!netlink) {
		ret_look->err = -errno;
		return;
	}
	look.err = ask(netlink, end, &look);
	if (look.err == -ENOENT)
		look.err = 0;
	mnl_socket_close(netlink);
	*ret_look = look;
}
