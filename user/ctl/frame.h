/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of a captured frame. Only the BPF program decides a verdict. */
#ifndef CTL_FRAME_H
#define CTL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

#define FRAME_ETHERNET_BYTES 14

/* The source address of an IPv4 or IPv6 packet in an Ethernet frame, behind at most two
 * VLAN tags. Return: whether there is one. */
bool frame_source(const uint8_t *frame, size_t bytes, struct prefix *ret_source);

/* Whether the first @bytes of a longer frame contain all headers that a verdict
 * depends on. */
bool frame_is_judgeable(const uint8_t *frame, size_t bytes);

#endif
