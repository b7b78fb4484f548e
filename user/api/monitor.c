/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/monitor: the attempts that were reported after a number. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/arguments.h"
#include "api/routes.h"
#include "datapath/events.h"
#include "datapath/names.h"
#include "http/http.h"
#include "runtime/attempts.h"
#include "runtime/runtime.h"

#define MONITOR_ATTEMPTS_MAX 500
#define NSEC_PER_SEC 1000000000LL
/* "2026-11-23T12:00:00.123456Z". */
#define MICROSECONDS_BYTES (TIME_TEXT_BYTES + 8)

static json_t *json_microseconds(int64_t at_ns)
{
	char whole[TIME_TEXT_BYTES], text[MICROSECONDS_BYTES];

	time_format(at_ns / NSEC_PER_SEC, whole);
	/* Without its "Z". */
	snprintf(text, sizeof(text), "%.*s.%06lldZ", (int)strcspn(whole, "Z"), whole,
		 (long long)(at_ns % NSEC_PER_SEC / 1000));
	return json_string(text);
}

static json_t *json_address(const struct prefix *address)
{
	char text[PREFIX_TEXT_BYTES];

	return address->len ? json_string(prefix_format_short(address, text)) : json_null();
}

static json_t *json_entry(const struct attempt *attempt)
{
	char text[PREFIX_TEXT_BYTES];

	return attempt->has_entry ? json_string(prefix_format(&attempt->entry, text)) : json_null();
}

static json_t *json_interface(const struct interfaces *interfaces, uint32_t ifindex)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].ifindex == (int)ifindex)
			return json_string(interfaces->items[i].name);
	return json_null();
}

static json_t *json_packet(const struct attempt_kept *kept)
{
	char text[2 * IPWL_EVENT_PACKET_BYTES + 1] = "";

	for (size_t i = 0; i < kept->packet_bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", kept->packet[i]);
	return json_string(text);
}

static json_t *monitor_attempt(const struct runtime *runtime, const struct attempt_kept *kept)
{
	const struct attempt *attempt = &kept->attempt;

	return json_pack(
	    "{s:o,s:I,s:o,s:i,s:o,s:i,s:s,s:o,s:o,s:o,s:I,s:I,s:i,s:o}", "at",
	    json_microseconds(attempt->at_ns), "at_ns", (json_int_t)attempt->at_ns, "source",
	    json_address(&attempt->source), "source_port", (int)attempt->port_from, "destination",
	    json_address(&attempt->destination), "port", (int)attempt->port_to, "verdict",
	    verdict_names[attempt->verdict], "list",
	    json_text(*attempt->list ? attempt->list : NULL), "entry", json_entry(attempt),
	    "interface", json_interface(&runtime->interfaces, attempt->ifindex), "bytes",
	    (json_int_t)attempt->bytes, "left_out", (json_int_t)attempt->left_out, "header_bytes",
	    (int)kept->header_bytes, "packet", json_packet(kept));
}

/* What became of attempts in the kernel; null if it does not say. */
static json_t *monitor_counts(const struct runtime *runtime)
{
	struct event_counts counts;

	if (datapath_read_event_counts(runtime->datapath, &counts))
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o}", "reported",
			 json_count(counts.fates[IPWL_FATE_REPORTED]), "source_limit",
			 json_count(counts.fates[IPWL_FATE_SOURCE_LIMIT]), "limit",
			 json_count(counts.fates[IPWL_FATE_LIMIT]), "ring_full",
			 json_count(counts.fates[IPWL_FATE_RING_FULL]));
}

/* Collect attempts from *@number on, and set it to the next one. Return: NULL: out of memory. */
static json_t *monitor_attempts(const struct runtime *runtime, uint64_t *number, uint64_t *missed)
{
	const uint64_t next = attempt_reader_next(runtime->attempts);
	json_t *array = json_array();

	/* A number from before a restart. */
	if (*number > next)
		*number = 0;
	*missed = 0;
	if (next - *number > ATTEMPTS_KEPT) {
		*missed = next - *number - ATTEMPTS_KEPT;
		*number = next - ATTEMPTS_KEPT;
	}
	while (array && *number < next && json_array_size(array) < MONITOR_ATTEMPTS_MAX) {
		json_t *attempt =
		    monitor_attempt(runtime, attempt_reader_get(runtime->attempts, *number));

		if (json_array_append_new(array, attempt)) {
			json_decref(array);
			return NULL;
		}
		++*number;
	}
	return array;
}

void control_monitor(struct runtime *runtime, struct evhttp_request *request)
{
	int64_t after = 0;
	bool has_after = false;
	const struct argument arguments[] = {
		{ .name = "after",
		  .ret_number = &after,
		  .max = INT64_MAX,
		  .ret_is_given = &has_after },
	};
	const bool is_reporting = runtime->snapshot->config->events.per_second > 0;
	uint64_t number, missed;
	json_t *attempts;

	if (arguments_read_query(request, arguments, 1))
		return;
	number = has_after ? (uint64_t)after : attempt_reader_next(runtime->attempts);
	attempts = monitor_attempts(runtime, &number, &missed);
	http_reply(request, attempts ? json_pack("{s:o,s:o,s:o,s:b,s:o}", "attempts", attempts,
						 "next", json_count(number), "missed",
						 json_count(missed), "reporting", (int)is_reporting,
						 "counts", monitor_counts(runtime))
				     : NULL);
}
