/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads captures with libpcap; adds an Ethernet header to packets without one. */
#include "ctl/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/if_ether.h>

#include "ctl/frame.h"
#include "ctl/memory.h"

/* libpcap's own limit on a packet, and an Ethernet header. */
#define FRAME_BYTES_MAX (FRAME_ETHERNET_BYTES + 262144)
/* Headers in front of the packet, <pcap/sll.h>: their length, and offsets in them. */
#define SLL_BYTES 16
#define SLL_TYPE 1
#define SLL_PROTOCOL 14
#define SLL2_BYTES 20
#define SLL2_TYPE 10
#define SLL2_PROTOCOL 0
#define SLL_TYPE_OUTGOING 4
#define NSEC_PER_SEC 1000000000LL

const char *const capture_skip_names[SKIP_COUNT] = {
	[SKIP_CUT] = "cut",
	[SKIP_OUTGOING] = "outgoing",
	[SKIP_TOO_LONG] = "too_long",
};

struct capture {
	const char *path;
	FILE *file; /* the pcap's */
	pcap_t *pcap;
	int link_type;
	off_t file_bytes; /* 0: unknown */
	uint8_t frame[FRAME_BYTES_MAX];
};

/* ---- open ------------------------------------------------------------------ */

static bool is_known_link(int link_type)
{
	switch (link_type) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		return true;
	default:
		return false;
	}
}

const char *capture_link_type(const struct capture *capture)
{
	const char *name = pcap_datalink_val_to_name(capture->link_type);

	return name ? name : "unknown";
}

static enum ctl_exit open_file(struct capture *capture)
{
	struct stat status;

	if (!strcmp(capture->path, "-")) {
		capture->file = stdin;
		return CTL_DONE;
	}
	capture->file = fopen(capture->path, "rbe");
	if (!capture->file || fstat(fileno(capture->file), &status)) {
		ctl_error("%s: %s", capture->path, strerror(errno));
		return errno == EACCES || errno == EPERM ? CTL_DENIED : CTL_INVALID;
	}
	if (S_ISREG(status.st_mode))
		capture->file_bytes = status.st_size;
	return CTL_DONE;
}

static enum ctl_exit open_pcap(struct capture *capture)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	capture->pcap = pcap_fopen_offline_with_tstamp_precision(capture->file,
								 PCAP_TSTAMP_PRECISION_NANO, error);
	if (!capture->pcap) {
		ctl_error("%s: not a pcap or pcapng file: %s", capture->path, error);
		return CTL_INVALID;
	}
	capture->link_type = pcap_datalink(capture->pcap);
	if (is_known_link(capture->link_type))
		return CTL_DONE;
	ctl_error("%s: link type %s (%d) is not supported: capture on an Ethernet interface, or "
		  "on \"any\"",
		  capture->path, capture_link_type(capture), capture->link_type);
	return CTL_INVALID;
}

enum ctl_exit capture_open(const char *path, struct capture **ret_capture)
{
	struct capture *capture = ctl_allocated(calloc(1, sizeof(*capture)));
	enum ctl_exit code;

	capture->path = path;
	code = open_file(capture);
	if (!code)
		code = open_pcap(capture);
	if (code)
		capture_close(capture);
	else
		*ret_capture = capture;
	return code;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	/* Closes the file as well, unless that is standard input. */
	if (capture->pcap)
		pcap_close(capture->pcap);
	else if (capture->file && capture->file != stdin)
		fclose(capture->file);
	free(capture);
}

/* ---- packets ----------------------------------------------------------------- */

/* How a packet of this link type becomes an Ethernet frame. */
struct layout {
	size_t header_bytes; /* to remove */
	bool needs_ethernet;
	unsigned int protocol; /* of the Ethernet header to make */
	bool is_outgoing;
};

static unsigned int read_packet_be16(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

static unsigned int protocol_of_ip(const uint8_t *packet, size_t bytes)
{
	return bytes && packet[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
}

static struct layout layout_of(int link_type, const uint8_t *packet, size_t bytes)
{
	struct layout layout = { 0 };

	if (link_type == DLT_EN10MB)
		return layout;
	layout.needs_ethernet = true;
	if (link_type == DLT_LINUX_SLL) {
		layout.header_bytes = SLL_BYTES;
		if (bytes < SLL_BYTES)
			return layout;
		layout.protocol = read_packet_be16(packet + SLL_PROTOCOL);
		layout.is_outgoing = packet[SLL_TYPE] == SLL_TYPE_OUTGOING;
	} else if (link_type == DLT_LINUX_SLL2) {
		layout.header_bytes = SLL2_BYTES;
		if (bytes < SLL2_BYTES)
			return layout;
		layout.protocol = read_packet_be16(packet + SLL2_PROTOCOL);
		layout.is_outgoing = packet[SLL2_TYPE] == SLL_TYPE_OUTGOING;
	} else {
		layout.protocol = protocol_of_ip(packet, bytes);
	}
	return layout;
}

static enum capture_event skip_packet(struct captured *captured, enum capture_skip why)
{
	captured->skip = why;
	return CAPTURE_SKIPPED;
}

/* Write the frame: the header, what was captured, and zeros for the rest. */
static enum capture_event make_frame(struct capture *capture, const struct pcap_pkthdr *header,
				     const uint8_t *packet, struct captured *captured)
{
	struct layout layout = layout_of(capture->link_type, packet, header->caplen);
	size_t ethernet_bytes = layout.needs_ethernet ? FRAME_ETHERNET_BYTES : 0;
	size_t captured_bytes, wire_bytes;

	if (layout.is_outgoing)
		return skip_packet(captured, SKIP_OUTGOING);
	if (header->caplen < layout.header_bytes || header->len < header->caplen)
		return skip_packet(captured, SKIP_CUT);
	captured_bytes = header->caplen - layout.header_bytes + ethernet_bytes;
	wire_bytes = header->len - layout.header_bytes + ethernet_bytes;
	if (wire_bytes > FRAME_BYTES_MAX)
		return skip_packet(captured, SKIP_TOO_LONG);
	memset(capture->frame, 0, ethernet_bytes);
	if (layout.needs_ethernet) {
		capture->frame[ethernet_bytes - 2] = (uint8_t)(layout.protocol >> 8);
		capture->frame[ethernet_bytes - 1] = (uint8_t)layout.protocol;
	}
	memcpy(capture->frame + ethernet_bytes, packet + layout.header_bytes,
	       captured_bytes - ethernet_bytes);
	memset(capture->frame + captured_bytes, 0, wire_bytes - captured_bytes);
	if (wire_bytes < FRAME_ETHERNET_BYTES ||
	    (captured_bytes < wire_bytes && !frame_is_judgeable(capture->frame, captured_bytes)))
		return skip_packet(captured, SKIP_CUT);
	captured->frame = capture->frame;
	captured->bytes = wire_bytes;
	return CAPTURE_FRAME;
}

enum capture_event capture_next(struct capture *capture, struct captured *ret_captured)
{
	struct pcap_pkthdr *header;
	const unsigned char *packet;
	int found = pcap_next_ex(capture->pcap, &header, &packet);

	/* Nanoseconds, because of the precision. */
	if (found == 1)
		ret_captured->at_ns = header->ts.tv_sec * NSEC_PER_SEC + header->ts.tv_usec;
	if (found == 1)
		return make_frame(capture, header, packet, ret_captured);
	if (found == PCAP_ERROR_BREAK)
		return CAPTURE_END;
	ctl_error("%s: %s", capture->path, pcap_geterr(capture->pcap));
	return CAPTURE_ERROR;
}

int capture_percent(const struct capture *capture)
{
	off_t position = capture->file_bytes ? ftello(capture->file) : -1;

	return position < 0 ? -1 : (int)(position * 100 / capture->file_bytes);
}
