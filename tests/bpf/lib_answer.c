/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads frames independently of the programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib_answer.h"

uint16_t answer_word_at(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t answer_number_at(const uint8_t *bytes)
{
	return (uint32_t)answer_word_at(bytes) << 16 | answer_word_at(bytes + 2);
}

uint32_t answer_sum_of(const uint8_t *bytes, size_t count)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	return sum;
}

/* 0xffff if the sum contains a correct checksum. */
uint16_t answer_folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Where the IP header begins, behind all tags. */
size_t answer_ip_at(const uint8_t *frame, size_t size)
{
	size_t at = 12;

	while (at + 4 <= size && (answer_word_at(frame + at) == ETHERTYPE_8021Q ||
				  answer_word_at(frame + at) == ETHERTYPE_8021AD))
		at += 4;
	return at + 2;
}

/* Give an IPv4 header without options the checksum that packet_build() leaves out. */
void answer_set_checksum(struct packet *packet)
{
	size_t at = answer_ip_at(packet->data, packet->size);
	uint8_t *ip = packet->data + at;
	uint16_t checksum;

	if (at + 20 > packet->size || answer_word_at(ip - 2) != ETHERTYPE_IPV4)
		return;
	ip[10] = ip[11] = 0;
	checksum = (uint16_t)~answer_folded(answer_sum_of(ip, 20));
	ip[10] = (uint8_t)(checksum >> 8);
	ip[11] = (uint8_t)checksum;
}

struct answer answer_run(const struct fixture *fixture, const struct packet *packet)
{
	struct answer answer = { .retval = 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .data_out = answer.data,
		    .data_size_out = sizeof(answer.data), .repeat = 1);

	if (bpf_prog_test_run_opts(fixture->xdp_fd, &options))
		return answer;
	answer.retval = options.retval;
	answer.size = options.data_size_out;
	return answer;
}
