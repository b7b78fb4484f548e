/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for the shield against floods, SYNs, and a parser of its answers. A failure fails the
 * cmocka test. */
#ifndef TESTS_LIB_FLOOD_H
#define TESTS_LIB_FLOOD_H

#include "ipwl_flood.h"
#include "lib_answer.h"
#include "lib_fixture.h"
#include "lib_packet.h"

/* Of this network namespace: net.ipv4.tcp_syncookies. */
void shield_set_cookies(const char *value);
void shield_raise_loopback(void);
/* Listen for both families. Return: the socket. */
int shield_listen(uint16_t port);
/* Have the kernel know the destinations of built packets as this host's. */
void shield_set_addresses(const struct fixture *fixture, bool has_ipv4);
/* As the programs count time. */
uint64_t shield_boot_ns(void);

/* A SYN to port 25, with options. */
struct recipe shield_syn_from(const char *source);
/* Build it with correct checksums. */
struct packet shield_build(const struct recipe *recipe);
/* Of a packet without IPv4 options and extension headers, whose TCP reaches its end but for
 * padding. */
void shield_set_checksum(struct packet *packet);

/* Fail unless it is a right answer to a plain SYN. */
void shield_check_answer(const struct fixture *fixture, const struct packet *question,
			 const struct answer *answer);
/* Run a packet, and check its answer. Return: enum xdp_action. */
uint32_t shield_ask_packet(const struct fixture *fixture, const struct packet *packet);
uint32_t shield_ask(const struct fixture *fixture, const struct recipe *recipe);
uint32_t shield_ask_source(const struct fixture *fixture, const char *source);
/* What has become of SYNs so far. */
uint64_t shield_outcome(const struct fixture *fixture, enum ipwl_flood_outcome outcome);

#endif
