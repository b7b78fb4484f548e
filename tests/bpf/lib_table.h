/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and what they are taken for. Mail ports are 25, 465, 587, 1 and 65535. */
#ifndef TESTS_LIB_TABLE_H
#define TESTS_LIB_TABLE_H

#include "ipwl.h"
#include "lib_packet.h"

#define ROW_IPV4 (1U << 0)   /* once as IPv4 */
#define ROW_IPV6 (1U << 1)   /* once as IPv6 */
#define ROW_NOT_IP (1U << 2) /* counted without a family */

/* In which lists the source is; the last byte of its address. */
enum sender { ALLOWED = 1, IN_BOTH, BLOCKED, UNKNOWN };

struct row {
	const char *name;
	unsigned int families; /* ROW_* */
	enum sender sender;
	enum ipwl_verdict verdict;
	bool is_connection;
	struct recipe recipe; /* without its source */
};

extern const struct row verdict_rows[];
extern const size_t verdict_row_count;

#endif
