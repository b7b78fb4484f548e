/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends strange packets to a real listener and looks at who is answered.
 *
 * barrage DEVICE MAC IPV4 IPV6 FRAME_BYTES VLAN PACKETS SEED sends them out of a device and
 * prints, as JSON, how many were sent, and what came back from port 25 by sender and shape.
 * barrage … 0 SEED NUMBER prints the frames of one packet in hex, to repeat what was found.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "strange.h"

#define MAIL_PORT 25
#define BATCH_FRAMES 64
#define ANSWER_BYTES 128
#define RECEIVE_BUFFER (64 << 20)
#define DRAIN_MS 1000
#define FOUND_MAX 5

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list arguments;

	fputs("barrage: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static struct {
	uint64_t packets, frames, mutants;
	uint64_t sent[SENDER_COUNT][SHAPE_COUNT];	 /* packets that are no mutants */
	uint64_t answers[SENDER_COUNT + 1][SHAPE_COUNT]; /* SYN and ACK; the last: no sender's */
	uint64_t others[SENDER_COUNT + 1];		 /* anything else of the listener */
	uint32_t found[FOUND_MAX]; /* numbers of packets of blocked senders that were answered */
	unsigned int found_count;
} tally;

/* ---- sockets -------------------------------------------------------------------- */

static int open_device(const char *name)
{
	int one = 1, bytes = RECEIVE_BUFFER;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name),
	};

	if (fd < 0 || !address.sll_ifindex)
		die("cannot open %s: %s", name, strerror(errno));
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("cannot set up a socket on %s: %s", name, strerror(errno));
	return fd;
}

/* How many answers the kernel had no room for. */
static unsigned int lost_answers(int fd)
{
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size))
		die("cannot read the socket's statistics: %s", strerror(errno));
	return stats.tp_drops;
}

/* ---- answers ---------------------------------------------------------------------- */

static void note_answer(const uint8_t *destination, size_t bytes, const uint8_t *tcp)
{
	enum sender sender = strange_sender_of(destination, bytes);
	unsigned int shape = ((unsigned int)tcp[2] << 8 | tcp[3]) / 1024 - 1;
	uint32_t acknowledged;

	if (((unsigned int)tcp[0] << 8 | tcp[1]) != MAIL_PORT)
		return;
	if (tcp[13] == 0x12 && shape < SHAPE_COUNT)
		tally.answers[sender][shape]++;
	else
		tally.others[sender]++;
	if (sender != SENDER_BLOCKED || tally.found_count == FOUND_MAX)
		return;
	memcpy(&acknowledged, tcp + 8, sizeof(acknowledged));
	tally.found[tally.found_count++] = ntohl(acknowledged) - 1;
}

static void read_answer(const uint8_t *frame, size_t size)
{
	unsigned int type = (unsigned int)frame[12] << 8 | frame[13];

	if (size >= 54 && type == ETH_P_IP && frame[14] == 0x45 && frame[23] == IPPROTO_TCP)
		note_answer(frame + 30, 4, frame + 34);
	else if (size >= 74 && type == ETH_P_IPV6 && frame[20] == IPPROTO_TCP)
		note_answer(frame + 38, 16, frame + 54);
}

static void read_answers(int fd)
{
	static uint8_t data[BATCH_FRAMES][ANSWER_BYTES];
	struct mmsghdr messages[BATCH_FRAMES] = { 0 };
	struct iovec parts[BATCH_FRAMES];
	int count;

	do {
		for (int i = 0; i < BATCH_FRAMES; i++) {
			parts[i] = (struct iovec) { data[i], ANSWER_BYTES };
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		count = recvmmsg(fd, messages, BATCH_FRAMES, MSG_DONTWAIT, NULL);
		if (count < 0 && errno != EAGAIN)
			die("cannot receive: %s", strerror(errno));
		for (int i = 0; i < count; i++)
			read_answer(data[i], messages[i].msg_len);
	} while (count == BATCH_FRAMES);
}

/* ---- sending ------------------------------------------------------------------------ */

static void send_frames(int fd, struct mmsghdr *messages, unsigned int count)
{
	for (unsigned int done = 0; done < count;) {
		int sent = sendmmsg(fd, messages + done, count - done, 0);

		/* The other end had no room. */
		if (sent < 0 && errno == ENOBUFS) {
			usleep(100);
			continue;
		}
		if (sent < 0)
			die("cannot send a frame of %zu bytes: %s",
			    messages[done].msg_hdr.msg_iov->iov_len, strerror(errno));
		done += (unsigned int)sent;
	}
}

static void note_packet(const struct strange_packet *packet)
{
	tally.packets++;
	tally.frames += packet->frame_count;
	if (packet->is_mutant)
		tally.mutants++;
	else
		tally.sent[packet->sender][packet->shape]++;
}

static void send_batch(int fd, const struct strange_target *target, uint64_t seed, uint32_t *number,
		       uint32_t end)
{
	static struct strange_packet packets[BATCH_FRAMES / STRANGE_FRAMES_MAX];
	struct mmsghdr messages[BATCH_FRAMES] = { 0 };
	struct iovec parts[BATCH_FRAMES];
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]) && *number < end; i++) {
		strange_make(seed, (*number)++, target, &packets[i]);
		note_packet(&packets[i]);
		for (unsigned int j = 0; j < packets[i].frame_count; j++, count++) {
			struct strange_frame *frame = &packets[i].frames[j];

			parts[count] = (struct iovec) { frame->data, frame->size };
			messages[count].msg_hdr.msg_iov = &parts[count];
			messages[count].msg_hdr.msg_iovlen = 1;
		}
	}
	send_frames(fd, messages, count);
}

static void send_all(int fd, const struct strange_target *target, uint64_t seed, uint32_t packets)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };

	for (uint32_t number = 0; number < packets;) {
		send_batch(fd, target, seed, &number, packets);
		read_answers(fd);
	}
	while (poll(&input, 1, DRAIN_MS) > 0)
		read_answers(fd);
}

/* ---- output ---------------------------------------------------------------------------- */

static const char *const sender_names[] = { "allowed", "averted", "blocked", "unlisted", "nobody" };
static const char *const shape_names[] = {
	"plain", "headers",   "many headers", "far",	"one tag",    "tags",
	"vlan",	 "fragments", "portless",     "atomic", "lengthless", "padded",
};
_Static_assert(sizeof(sender_names) / sizeof(sender_names[0]) == SENDER_COUNT + 1, "a name each");
_Static_assert(sizeof(shape_names) / sizeof(shape_names[0]) == SHAPE_COUNT, "a name each");

static void print_table(const char *name, uint64_t table[][SHAPE_COUNT], int senders)
{
	printf("\"%s\": {", name);
	for (int sender = 0; sender < senders; sender++) {
		printf("%s\"%s\": {", sender ? ", " : "", sender_names[sender]);
		for (int shape = 0; shape < SHAPE_COUNT; shape++)
			printf("%s\"%s\": %" PRIu64, shape ? ", " : "", shape_names[shape],
			       table[sender][shape]);
		printf("}");
	}
	printf("}, ");
}

static void print_tally(int fd, uint64_t seed)
{
	printf("{\"seed\": %" PRIu64 ", \"packets\": %" PRIu64 ", \"frames\": %" PRIu64
	       ", \"mutants\": %" PRIu64 ", \"lost\": %u, ",
	       seed, tally.packets, tally.frames, tally.mutants, lost_answers(fd));
	print_table("sent", tally.sent, SENDER_COUNT);
	print_table("answers", tally.answers, SENDER_COUNT + 1);
	printf("\"others\": {");
	for (int sender = 0; sender <= SENDER_COUNT; sender++)
		printf("%s\"%s\": %" PRIu64, sender ? ", " : "", sender_names[sender],
		       tally.others[sender]);
	printf("}, \"found\": [");
	for (unsigned int i = 0; i < tally.found_count; i++)
		printf("%s%u", i ? ", " : "", tally.found[i]);
	printf("]}\n");
}

static void print_packet(const struct strange_target *target, uint64_t seed, uint32_t number)
{
	static struct strange_packet packet;

	strange_make(seed, number, target, &packet);
	printf("%s, %s%s\n", sender_names[packet.sender], shape_names[packet.shape],
	       packet.is_mutant ? ", a mutant" : "");
	for (unsigned int i = 0; i < packet.frame_count; i++) {
		for (size_t j = 0; j < packet.frames[i].size; j++)
			printf("%02x", packet.frames[i].data[j]);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	struct strange_target target = { 0 };
	const struct ether_addr *mac;
	uint64_t seed;
	int fd;

	if (argc < 9 || argc > 10)
		die("usage: barrage DEVICE MAC IPV4 IPV6 FRAME_BYTES VLAN PACKETS SEED [NUMBER]");
	mac = ether_aton(argv[2]);
	if (!mac || inet_pton(AF_INET, argv[3], target.ipv4) != 1 ||
	    inet_pton(AF_INET6, argv[4], target.ipv6) != 1)
		die("bad address");
	memcpy(target.mac, mac, sizeof(target.mac));
	target.frame_bytes_max = strtoul(argv[5], NULL, 10);
	target.vlan = (uint16_t)strtoul(argv[6], NULL, 10);
	seed = strtoull(argv[8], NULL, 10);
	if (argc == 10) {
		print_packet(&target, seed, (uint32_t)strtoul(argv[9], NULL, 10));
		return 0;
	}
	fd = open_device(argv[1]);
	send_all(fd, &target, seed, (uint32_t)strtoul(argv[7], NULL, 10));
	print_tally(fd, seed);
	close(fd);
	return 0;
}
