/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What flood.c and its BPF program share. */
#ifndef E2E_FLOOD_H
#define E2E_FLOOD_H

#include <linux/types.h>

#define FLOOD_FRAMES_MAX 4096
/* Ethernet, IPv6 and TCP headers; a shorter packet has padding behind it. */
#define FLOOD_FRAME_BYTES 74

struct flood_frame {
	__u8 bytes[FLOOD_FRAME_BYTES];
};

#endif
