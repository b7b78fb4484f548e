/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program sends back, and what is needed to read it. */
#ifndef TESTS_LIB_ANSWER_H
#define TESTS_LIB_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "lib_fixture.h"
#include "lib_packet.h"

uint16_t answer_word_at(const uint8_t *bytes);
uint32_t answer_number_at(const uint8_t *bytes);
/* The sum of 16-bit words. */
uint32_t answer_sum_of(const uint8_t *bytes, size_t count);
/* 0xffff if the sum contains a correct checksum. */
uint16_t answer_folded(uint32_t sum);
/* Where the IP header begins, behind all tags. */
size_t answer_ip_at(const uint8_t *frame, size_t size);
/* Give an IPv4 header without options the checksum that packet_build() leaves out. */
void answer_set_checksum(struct packet *packet);

struct answer {
	uint32_t retval;
	uint8_t data[PACKET_BYTES_MAX + 64];
	size_t size;
};

/* Run the packet as it is. */
struct answer answer_run(const struct fixture *fixture, const struct packet *packet);

#endif
