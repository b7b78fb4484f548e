/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes pcap files with libpcap, with times to the nanosecond. */
#include "ctl/packet_file.h"

#include <stdlib.h>

#include <pcap/pcap.h>

#include "ctl/memory.h"

/* What a packet may have at most: libpcap's own limit. */
#define SNAPLEN 262144
#define NSEC_PER_SEC 1000000000

struct packet_file {
	const char *path;
	pcap_t *pcap;
	pcap_dumper_t *dumper;
};

enum ctl_exit packet_file_open(const char *path, struct packet_file **ret_file)
{
	struct packet_file *file = ctl_allocated(calloc(1, sizeof(*file)));

	file->path = path;
	file->pcap = ctl_allocated(
	    pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO));
	file->dumper = pcap_dump_open(file->pcap, path);
	if (!file->dumper) {
		ctl_error("%s", pcap_geterr(file->pcap));
		packet_file_close(file);
		return CTL_NEGATIVE;
	}
	*ret_file = file;
	return CTL_DONE;
}

void packet_file_add(struct packet_file *file, int64_t at_ns, const uint8_t *data, size_t bytes,
		     size_t frame_bytes)
{
	const struct pcap_pkthdr header = {
		/* With this precision, libpcap reads nanoseconds in the place of microseconds. */
		.ts = { .tv_sec = (time_t)(at_ns / NSEC_PER_SEC),
			.tv_usec = (suseconds_t)(at_ns % NSEC_PER_SEC) },
		.caplen = (bpf_u_int32)bytes,
		.len = (bpf_u_int32)frame_bytes,
	};

	pcap_dump((u_char *)file->dumper, &header, data);
}

enum ctl_exit packet_file_flush(struct packet_file *file)
{
	if (!pcap_dump_flush(file->dumper) && !ferror(pcap_dump_file(file->dumper)))
		return CTL_DONE;
	ctl_error("%s: cannot write", file->path);
	return CTL_NEGATIVE;
}

void packet_file_close(struct packet_file *file)
{
	if (!file)
		return;
	if (file->dumper)
		pcap_dump_close(file->dumper);
	pcap_close(file->pcap);
	free(file);
}
