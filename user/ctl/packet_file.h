/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes Ethernet frames as a pcap file, which tcpdump and tshark read while it grows. */
#ifndef CTL_PACKET_FILE_H
#define CTL_PACKET_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"

struct packet_file;

/* Create or empty the file; "-": standard output. Return: CTL_DONE, or the exit code after a
 * message. */
enum ctl_exit packet_file_open(const char *path, struct packet_file **ret_file);
/* Add a frame of @frame_bytes, of which @bytes are in @data. @at_ns: since 1970. */
void packet_file_add(struct packet_file *file, int64_t at_ns, const uint8_t *data, size_t bytes,
		     size_t frame_bytes);
/* Have readers see what was added. Return: as above. */
enum ctl_exit packet_file_flush(struct packet_file *file);
/* NULL is fine. */
void packet_file_close(struct packet_file *file);

#endif
