/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host says of all its records, as a signed text:
 * "1 STATE COUNT DIGEST STAMP HEARD MAC". */
#ifndef FLEET_SUMMARY_H
#define FLEET_SUMMARY_H

#include "fleet/sign.h"

#define FLEET_SUMMARY_BYTES 192

struct fleet_summary {
	bool is_gone; /* somebody has had the host forgotten; nothing else matters */
	uint64_t count;
	uint64_t digest;  /* fleet_record_digest(), all combined */
	int64_t stamp_ms; /* changes when many records were written at once */
	int64_t heard_ms; /* when the host wrote this, by its clock */
};

/* Write and sign. @host: whose summary it is. Return: 0 or -ENOMEM. */
int fleet_summary_format(const struct fleet_summary *summary, const struct fleet_signer *signer,
			 const char *host, char text[FLEET_SUMMARY_BYTES]);

/* Check the MAC and read. @text: is changed. Return: 0 or -EINVAL. */
int fleet_summary_parse(char *text, const struct fleet_signer *signer, const char *host,
			struct fleet_summary *ret_summary);

#endif
