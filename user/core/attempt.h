/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An attempt of a sender to connect, as the daemon hands it on: an event of the kernel
 * (ipwl_event.h says what is reported) with the names of list and entry. */
#ifndef CORE_ATTEMPT_H
#define CORE_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/prefix.h"
#include "ipwl_event.h"

struct attempt {
	int64_t at_ns;		   /* since 1970 */
	struct prefix source;	   /* an address */
	struct prefix destination; /* an address; length 0: not known */
	uint16_t port_from, port_to;
	enum ipwl_verdict verdict; /* IPWL_AVERTED or higher */
	uint32_t ifindex;
	uint32_t bytes; /* of the whole frame */
	/* Attempts of the same source (of the same /64, if it is IPv6) that were left out since
	 * its last event. So 1 + left_out attempts are known to have been made. */
	uint32_t left_out;

	/* What decided: the allow list for IPWL_AVERTED, no list for IPWL_WOULD_LIMIT and
	 * IPWL_LIMITED, else the block list. An empty name: none, or the list is gone. */
	char list[POLICY_NAME_MAX + 1];
	uint16_t slot; /* of the list; a list keeps it while it is configured, across restarts */
	uint32_t rule; /* id */
	bool has_entry;
	struct prefix entry; /* the prefix in that list; not there if it is gone */
};

/**
 * attempt_read() - read an event
 * @epoch_ns: what to add to a time since boot to get one since 1970
 *
 * All but the names of list and entry is set. Return: false: this is no event that the programs
 * write.
 */
bool attempt_read(const struct ipwl_event *event, int64_t epoch_ns, struct attempt *ret_attempt);

/**
 * attempt_resolve() - name what decided
 * @policy: in force now
 *
 * A rule id may be another rule's by now, so the entry is only set if the list has it and it
 * contains the source.
 */
void attempt_resolve(struct attempt *attempt, const struct policy *policy);

/* How many of the event's bytes are headers: up to the end of TCP's header, with its options.
 * All of them, if that cannot be told. */
uint32_t attempt_header_bytes(const struct ipwl_event *event);

#endif
