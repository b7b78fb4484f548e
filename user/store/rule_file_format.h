/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout of the rule file, in host byte order, and a function that reads all of it. */
#ifndef STORE_RULE_FILE_FORMAT_H
#define STORE_RULE_FILE_FORMAT_H

#include <stdint.h>
#include <sys/types.h>

#include "core/policy.h"
#include "core/rules.h"

#define RULE_FILE_MAGIC 0x53454c55524c5750ULL /* "PWLRULES" */
#define RULE_FILE_VERSION 1
#define RULE_FILE_LISTS POLICY_LISTS_MAX

struct rule_file_header {
	uint64_t magic;
	uint64_t cookie;
	uint32_t version;
	uint32_t reserved; /* 0 */
};

/* The record of a list; its position is the slot. */
struct rule_file_list {
	char name[POLICY_NAME_MAX + 1];
	uint32_t action;
	uint32_t is_used; /* 0: a free slot */
};
_Static_assert(sizeof(struct rule_file_list) == 72, "layout");

/* The record of a rule; its position is the id. The member that makes it valid comes last, so a
 * record whose first write was cut short is unused. */
struct rule_record {
	uint8_t addr[16];
	uint8_t family;
	uint8_t len;
	uint16_t list; /* slot + 1; 0: unused */
};
_Static_assert(sizeof(struct rule_record) == 20, "layout");

/* A write that a signal interrupts ends at a page boundary, so no record may cross one. A
 * record that is half old and half new could give an id the wrong prefix. */
#define RULE_FILE_PAGE_BYTES 4096
#define RULE_FILE_PAGE_RECORDS (RULE_FILE_PAGE_BYTES / sizeof(struct rule_record))

#define RULE_FILE_LISTS_OFFSET RULE_FILE_PAGE_BYTES
#define RULE_FILE_RULES_OFFSET                                                                     \
	(RULE_FILE_LISTS_OFFSET + (off_t)(RULE_FILE_LISTS * sizeof(struct rule_file_list)))
_Static_assert(RULE_FILE_LISTS * sizeof(struct rule_file_list) % RULE_FILE_PAGE_BYTES == 0,
	       "rules begin with a page");

static inline off_t rule_file_offset(uint32_t id)
{
	return RULE_FILE_RULES_OFFSET +
	       (off_t)(id / RULE_FILE_PAGE_RECORDS * RULE_FILE_PAGE_BYTES +
		       id % RULE_FILE_PAGE_RECORDS * sizeof(struct rule_record));
}

struct rule_record rule_record_of(const struct prefix *prefix, uint16_t slot);

/* See rule_file_load(). */
int rule_file_read(int fd, struct rule_ids *ids, struct policy **ret_policy);

#endif
