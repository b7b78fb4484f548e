/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for the shield against floods, SYNs, and a parser of its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "datapath/flood.h"
#include "lib_flood.h"
#include "lib_scenario.h"

#define TCP_BYTES 20
#define SYN_ACK (TCP_SYN | TCP_ACK)
#define MSS_OPTION 0x02040000U
/* Of the loopback device, by which packets of test runs arrive. */
#define LOOPBACK_MTU 65536

/* ---- the machine ---------------------------------------------------------------- */

static void write_sysctl(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

void shield_set_cookies(const char *value)
{
	write_sysctl("/proc/sys/net/ipv4/tcp_syncookies", value);
}

void shield_raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	request.ifr_flags |= IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* A listener for both families. */
int shield_listen(uint16_t port)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					      .sin6_port = htons(port),
					      .sin6_addr = IN6ADDR_ANY_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

void shield_set_addresses(const struct fixture *fixture, bool has_ipv4)
{
	const struct prefix addresses[] = { prefix_of("2001:db8::19"), prefix_of("203.0.113.25") };

	assert_int_equal(datapath_set_own_addresses(fixture->datapath, addresses, has_ipv4 ? 2 : 1),
			 0);
}

uint64_t shield_boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* ---- packets -------------------------------------------------------------------- */

static bool is_ipv6_at(const struct packet *packet, size_t ip)
{
	return answer_word_at(packet->data + ip - 2) == ETHERTYPE_IPV6;
}

/* Of a packet without IPv4 options and extension headers, whose TCP reaches its end but for
 * padding. */
void shield_set_checksum(struct packet *packet)
{
	const size_t ip = answer_ip_at(packet->data, packet->size);
	uint8_t *header = packet->data + ip, *tcp;
	size_t bytes;
	uint32_t sum;

	if (ip + 40 > packet->size)
		return;
	tcp = header + (is_ipv6_at(packet, ip) ? 40 : 20);
	bytes =
	    is_ipv6_at(packet, ip) ? answer_word_at(header + 4) : answer_word_at(header + 2) - 20U;
	if (bytes < TCP_BYTES || (size_t)(tcp - packet->data) + bytes > packet->size)
		return;
	sum =
	    is_ipv6_at(packet, ip) ? answer_sum_of(header + 8, 32) : answer_sum_of(header + 12, 8);
	tcp[16] = tcp[17] = 0;
	sum = (uint16_t)~answer_folded(sum + PROTOCOL_TCP + (uint32_t)bytes +
				       answer_sum_of(tcp, bytes));
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
}

struct recipe shield_syn_from(const char *source)
{
	return (struct recipe) { .source = prefix_of(source),
				 .port_from = 1234,
				 .port_to = 25,
				 .flags = TCP_SYN,
				 .tcp_option_words = 5 };
}

struct packet shield_build(const struct recipe *recipe)
{
	struct packet packet;

	packet_build(recipe, &packet);
	answer_set_checksum(&packet);
	shield_set_checksum(&packet);
	return packet;
}

/* ---- what an answer must be ------------------------------------------------------- */

static void check_tcp(const uint8_t *question, const uint8_t *answer, uint32_t pseudo, uint32_t mss)
{
	const size_t question_bytes = (size_t)(question[12] >> 4) * 4;
	const size_t bytes = question_bytes > TCP_BYTES ? TCP_BYTES + 4 : TCP_BYTES;

	assert_int_equal(question[13] & 0x3f, TCP_SYN);
	assert_int_equal(answer_word_at(answer), answer_word_at(question + 2));
	assert_int_equal(answer_word_at(answer + 2), answer_word_at(question));
	assert_int_equal(answer_number_at(answer + 8), answer_number_at(question + 4) + 1);
	assert_int_equal(answer_word_at(answer + 12), bytes / 4 << 12 | SYN_ACK);
	assert_true(answer_word_at(answer + 14) >= 5360);
	assert_int_equal(answer_word_at(answer + 18), 0);
	if (bytes > TCP_BYTES)
		assert_int_equal(answer_number_at(answer + TCP_BYTES), MSS_OPTION | mss);
	assert_int_equal(
	    answer_folded(pseudo + PROTOCOL_TCP + (uint32_t)bytes + answer_sum_of(answer, bytes)),
	    0xffff);
}

/* Return: the length that the answer must have. */
static size_t check_ipv4(const uint8_t *question, const uint8_t *answer, uint32_t mtu)
{
	const uint32_t pseudo = answer_sum_of(question + 12, 8);
	const size_t tcp_bytes = answer_word_at(question + 2) - 20U;
	const size_t bytes = tcp_bytes > TCP_BYTES ? 44 : 40;

	assert_int_equal(question[0], 0x45);
	assert_int_equal(answer_folded(answer_sum_of(question, 20)), 0xffff);
	assert_int_equal(answer_word_at(question + 6) & 0xbfff, 0);
	assert_int_equal(tcp_bytes, (question[32] >> 4) * 4);
	assert_int_equal(answer_folded(pseudo + PROTOCOL_TCP + (uint32_t)tcp_bytes +
				       answer_sum_of(question + 20, tcp_bytes)),
			 0xffff);
	assert_int_equal(answer_word_at(answer), 0x4500);
	assert_int_equal(answer_word_at(answer + 2), bytes);
	assert_int_equal(answer_word_at(answer + 6), 0x4000);
	assert_int_equal(answer[9], PROTOCOL_TCP);
	assert_int_equal(answer_folded(answer_sum_of(answer, 20)), 0xffff);
	assert_memory_equal(answer + 12, question + 16, 4);
	assert_memory_equal(answer + 16, question + 12, 4);
	check_tcp(question + 20, answer + 20, pseudo, mtu ? mtu - 40 : 536);
	return bytes;
}

static size_t check_ipv6(const uint8_t *question, const uint8_t *answer, uint32_t mtu)
{
	const uint32_t pseudo = answer_sum_of(question + 8, 32);
	const size_t tcp_bytes = answer_word_at(question + 4);
	const size_t bytes = tcp_bytes > TCP_BYTES ? 64 : 60;

	assert_int_equal(question[6], PROTOCOL_TCP);
	assert_int_equal(tcp_bytes, (question[52] >> 4) * 4);
	assert_int_equal(answer_folded(pseudo + PROTOCOL_TCP + (uint32_t)tcp_bytes +
				       answer_sum_of(question + 40, tcp_bytes)),
			 0xffff);
	assert_int_equal(answer_number_at(answer), 6U << 28);
	assert_int_equal(answer_word_at(answer + 4), bytes - 40);
	assert_int_equal(answer[6], PROTOCOL_TCP);
	assert_memory_equal(answer + 8, question + 24, 16);
	assert_memory_equal(answer + 24, question + 8, 16);
	check_tcp(question + 40, answer + 40, pseudo, mtu ? mtu - 60 : 1220);
	return bytes;
}

/* The MTU that answers speak of; 0: the kernel does not tell it (before Linux 5.12). */
static uint32_t mtu_of(const struct fixture *fixture)
{
	return fixture_has_check_mtu(fixture) ? LOOPBACK_MTU : 0;
}

void shield_check_answer(const struct fixture *fixture, const struct packet *question,
			 const struct answer *answer)
{
	const size_t ip = answer_ip_at(question->data, question->size);
	const uint8_t *asked = question->data + ip, *answered = answer->data + ip;
	size_t bytes;

	assert_true(answer->size <= question->size);
	assert_memory_equal(answer->data, question->data + 6, 6);
	assert_memory_equal(answer->data + 6, question->data, 6);
	assert_int_equal(answer->data[0] & 1, 0);
	assert_int_equal(answer->data[6] & 1, 0);
	/* All tags. */
	assert_memory_equal(answer->data + 12, question->data + 12, ip - 12);
	bytes = is_ipv6_at(question, ip) ? check_ipv6(asked, answered, mtu_of(fixture))
					 : check_ipv4(asked, answered, mtu_of(fixture));
	assert_int_equal(answer->size, ip + bytes);
}

uint32_t shield_ask_packet(const struct fixture *fixture, const struct packet *packet)
{
	struct answer answer = answer_run(fixture, packet);

	if (answer.retval == XDP_TX)
		shield_check_answer(fixture, packet, &answer);
	return answer.retval;
}

uint32_t shield_ask(const struct fixture *fixture, const struct recipe *recipe)
{
	const struct packet packet = shield_build(recipe);

	return shield_ask_packet(fixture, &packet);
}

uint32_t shield_ask_source(const struct fixture *fixture, const char *source)
{
	const struct recipe recipe = shield_syn_from(source);

	return shield_ask(fixture, &recipe);
}

uint64_t shield_outcome(const struct fixture *fixture, enum ipwl_flood_outcome outcome)
{
	struct flood_state state;

	assert_int_equal(datapath_read_flood(fixture->datapath, &state), 0);
	return state.outcomes[outcome];
}
