/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes list files whose prefix lengths are mixed as in real ones. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* A share of the prefixes of a family, by length. */
struct share {
	unsigned int length;
	unsigned int permille;
};

static const struct share shares4[] = {
	{ 32, 650 }, { 24, 310 }, { 22, 30 }, { 20, 9 }, { 16, 1 },
};
static const struct share shares6[] = { { 128, 100 }, { 64, 400 }, { 48, 400 }, { 32, 100 } };

/* A bijection on the numbers below 2^bits, so that no prefix comes twice. */
static uint64_t scramble(uint64_t value, unsigned int bits)
{
	uint64_t mask = UINT64_MAX >> (64 - bits);

	for (int round = 0; round < 3; round++) {
		value = value * 0x9e3779b97f4a7c15U & mask;
		value ^= value >> (bits / 2 + 1);
	}
	return value;
}

/* The @number-th prefix of a length. */
static void format_prefix4(char *text, size_t size, uint64_t number, unsigned int length)
{
	uint32_t bits = (uint32_t)scramble(number, length) << (32 - length);
	struct in_addr address = { .s_addr = htonl(bits) };

	snprintf(text, size, "%s/%u", inet_ntoa(address), length);
}

/* Inside 2000::/3, its first 64 bits at most at random. */
static void format_prefix6(char *text, size_t size, uint64_t number, unsigned int length)
{
	unsigned int bits = (length < 64 ? length : 64) - 3;
	uint64_t high = 1ULL << 61 | scramble(number, bits) << (61 - bits);
	struct in6_addr address = { .s6_addr = { [15] = length == 128 ? 0x25 : 0 } };
	char numbers[INET6_ADDRSTRLEN];

	for (int i = 0; i < 8; i++)
		address.s6_addr[i] = (uint8_t)(high >> (56 - 8 * i));
	inet_ntop(AF_INET6, &address, numbers, sizeof(numbers));
	snprintf(text, size, "%s/%u", numbers, length);
}

struct writer {
	FILE *allow, *block, *changed;
	size_t written;
};

/* One in ten to the allow list. Of the block list, one in a hundred is replaced by
 * @other in the changed file. */
static void write_prefix(struct writer *writer, const char *text, const char *other)
{
	size_t number = writer->written++;

	if (number % 10 == 0) {
		fprintf(writer->allow, "%s\n", text);
		return;
	}
	fprintf(writer->block, "%s\n", text);
	fprintf(writer->changed, "%s\n", number % 100 == 1 ? other : text);
}

static void
write_shares(struct writer *writer, size_t count, const struct share *shares, size_t share_count,
	     void (*format)(char *text, size_t size, uint64_t number, unsigned int length))
{
	for (size_t i = 0; i < share_count; i++) {
		size_t end = count * shares[i].permille / 1000;

		for (size_t number = 0; number < end; number++) {
			char text[64], other[64];

			format(text, sizeof(text), number, shares[i].length);
			format(other, sizeof(other), number + end, shares[i].length);
			write_prefix(writer, text, other);
		}
	}
}

static FILE *open_file(char path[96], const char *dir, const char *name)
{
	FILE *file;

	snprintf(path, 96, "%s/%s.list", dir, name);
	file = fopen(path, "w");
	if (!file)
		die("%s: %m", path);
	return file;
}

void lists_make(size_t count, struct bench_lists *ret_lists)
{
	struct writer writer = { .written = 0 };

	snprintf(ret_lists->dir, sizeof(ret_lists->dir), "/tmp/ipwl-bench-XXXXXX");
	if (!mkdtemp(ret_lists->dir))
		die("%s: %m", ret_lists->dir);
	ret_lists->prefix_count = count;
	writer.allow = open_file(ret_lists->allow, ret_lists->dir, "allow");
	writer.block = open_file(ret_lists->block, ret_lists->dir, "block");
	writer.changed = open_file(ret_lists->changed_block, ret_lists->dir, "changed");
	write_shares(&writer, count * 4 / 5, shares4, sizeof(shares4) / sizeof(shares4[0]),
		     format_prefix4);
	write_shares(&writer, count / 5, shares6, sizeof(shares6) / sizeof(shares6[0]),
		     format_prefix6);
	if (fclose(writer.allow) || fclose(writer.block) || fclose(writer.changed))
		die("%s: %m", ret_lists->dir);
}

void lists_remove(const struct bench_lists *lists)
{
	unlink(lists->allow);
	unlink(lists->block);
	unlink(lists->changed_block);
	rmdir(lists->dir);
}
