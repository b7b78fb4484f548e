/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence of one host in a record (FLEET_EVIDENCE): what it has seen of a sender by day, or the
 * messages by day that its users sent to a domain. Pure.
 *
 * The author of the record is the number of the database of the evidence, which a host keeps when
 * it gets another name; added_at_sec is the time of the last message; the reason has the days,
 * newest first, and the domains:
 *
 *   DAY COUNTERS [GAP COUNTERS]... [;DOMAIN:LAST DAYS SERVER]...
 *
 * COUNTERS are a mask of the kinds and the counter of each of them; DAYS is a mask of the days
 * before LAST. Numbers are written without blanks, five bits a character, the lowest first. So a
 * day takes some seven bytes.
 *
 * A domain has no address: its record is at an address of 100::/64, which no sender has (RFC
 * 6666), made of its name.
 */
#ifndef FLEET_EVIDENCE_H
#define FLEET_EVIDENCE_H

#include "fleet/record.h"

/* Counters of a day, by enum evidence_kind. */
#define FLEET_EVIDENCE_KINDS 11
#define FLEET_EVIDENCE_DAYS_MAX 160
#define FLEET_EVIDENCE_DOMAINS_MAX 8
/* No host sees more of one sender in a day; larger counters are refused. */
#define FLEET_EVIDENCE_COUNT_MAX 1000000
/* Records of one host; the others take no more. */
#define FLEET_EVIDENCE_MAX 50000
/* Days that a mask of days can have. */
#define FLEET_EVIDENCE_MASK_DAYS 60

struct fleet_evidence_day {
	int64_t day; /* since 1970, UTC */
	uint32_t counts[FLEET_EVIDENCE_KINDS];
};

/* A domain that the address sends for, or whose server it is. */
struct fleet_evidence_domain {
	char name[254];
	int64_t last_day; /* with authenticated mail of it; 0: none */
	uint64_t days;	  /* bit n: there was some n days before last_day */
	bool is_server;
};

struct fleet_evidence {
	uint64_t database;
	int64_t last_sec;					 /* of a message; 0: none */
	struct fleet_evidence_day days[FLEET_EVIDENCE_DAYS_MAX]; /* newest first */
	size_t day_count;
	struct fleet_evidence_domain domains[FLEET_EVIDENCE_DOMAINS_MAX];
	size_t domain_count;
};

/* Texts of a record with evidence. */
struct fleet_evidence_texts {
	char author[17];
	char reason[FLEET_REASON_BYTES_MAX + 1];
};

/**
 * fleet_evidence_write() - fill in author, reason and added_at_sec of a record
 * @evidence: larger counters are written as FLEET_EVIDENCE_COUNT_MAX; what there is no room for is
 *	      left out: domains, then the oldest days
 * @texts: room for the texts, which the record shares
 */
void fleet_evidence_write(const struct fleet_evidence *evidence, struct fleet_evidence_texts *texts,
			  struct fleet_record *record);

/* Return: whether the record has evidence that can be believed: as fleet_evidence_write() writes
 * it, and of no day after the record. A record that ends evidence has none. */
bool fleet_evidence_read(const struct fleet_record *record, struct fleet_evidence *ret_evidence);

/* Whether a record of this kind may be taken. */
bool fleet_evidence_is_valid(const struct fleet_record *record);

/* Where the record of a domain is. */
struct prefix fleet_evidence_place(const char *domain);
/* Whether a record is that of a domain. */
bool fleet_evidence_is_domain(const struct prefix *place);

#endif
