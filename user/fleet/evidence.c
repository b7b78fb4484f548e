/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packs evidence into the texts of a record, and reads it back with distrust. */
#include "fleet/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/siphash.h"
#include "fleet/clock.h"

#define DAY_MS ((int64_t)86400 * 1000)
/* What domains take at most, so that there is room for days. */
#define DOMAIN_BYTES_MAX 480
#define NUMBER_BITS 60
#define NUMBER_BYTES (NUMBER_BITS / 5)
/* A gap, a mask and all counters. */
#define DAY_BYTES_MAX (NUMBER_BYTES * (FLEET_EVIDENCE_KINDS + 2))
/* After its last day. */
#define KEPT_DAYS_MAX 4000

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/* ---- numbers -------------------------------------------------------------------------- */

static char *put_number(char *to, uint64_t number)
{
	for (; number >= 32; number >>= 5)
		*to++ = digits[32 + number % 32];
	*to++ = digits[number];
	*to = '\0';
	return to;
}

/* The shortest form only. Return: whether there is a number at *@text, which is moved past it. */
static bool get_number(const char **text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < NUMBER_BITS; shift += 5) {
		const char *digit = **text ? strchr(digits, **text) : NULL;
		const size_t value = digit ? (size_t)(digit - digits) : 0;

		if (!digit)
			return false;
		++*text;
		number |= (uint64_t)(value % 32) << shift;
		if (value < 32) {
			*ret_number = number;
			return number <= max && (value || !shift);
		}
	}
	return false;
}

/* ---- write ---------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	const size_t bytes = strnlen(name, sizeof(((struct fleet_evidence_domain *)0)->name));

	return bytes && bytes < sizeof(((struct fleet_evidence_domain *)0)->name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == bytes;
}

/* Return: the end of @to, where there is room for at least DAY_BYTES_MAX + 1. */
static char *put_day(char *to, const struct fleet_evidence_day *day, int64_t after)
{
	uint64_t mask = 0;

	for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++)
		mask |= (uint64_t)(day->counts[kind] != 0) << kind;
	if (!mask)
		return to;
	to = put_number(to, (uint64_t)(after ? after - day->day : day->day));
	to = put_number(to, mask);
	for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++) {
		const uint32_t count = day->counts[kind];

		if (count)
			to = put_number(to, count > FLEET_EVIDENCE_COUNT_MAX
						? FLEET_EVIDENCE_COUNT_MAX
						: count);
	}
	return to;
}

static void put_domains(char *to, const struct fleet_evidence *evidence)
{
	const char *const begin = to;

	*to = '\0';
	for (size_t i = 0; i < evidence->domain_count; i++) {
		const struct fleet_evidence_domain *domain = &evidence->domains[i];

		if (!is_name(domain->name) ||
		    (size_t)(to - begin) + strlen(domain->name) + 3 * NUMBER_BYTES + 3 >
			DOMAIN_BYTES_MAX)
			continue;
		to += sprintf(to, ";%s:", domain->name);
		to = put_number(to, (uint64_t)domain->last_day);
		to = put_number(to, domain->days);
		to = put_number(to, domain->is_server);
	}
}

void fleet_evidence_write(const struct fleet_evidence *evidence, struct fleet_evidence_texts *texts,
			  struct fleet_record *record)
{
	char domains[DOMAIN_BYTES_MAX + 1], day[DAY_BYTES_MAX + 1];
	int64_t after = 0;
	size_t room;
	char *to;

	*texts = (struct fleet_evidence_texts) { .author = "" };
	to = texts->reason;
	put_domains(domains, evidence);
	room = FLEET_REASON_BYTES_MAX - strlen(domains);
	for (size_t i = 0; i < evidence->day_count && i < FLEET_EVIDENCE_DAYS_MAX; i++) {
		const size_t bytes = (size_t)(put_day(day, &evidence->days[i], after) - day);

		if (!bytes)
			continue;
		if (bytes > room)
			break;
		memcpy(to, day, bytes);
		to += bytes;
		room -= bytes;
		after = evidence->days[i].day;
	}
	memcpy(to, domains, strlen(domains) + 1);
	snprintf(texts->author, sizeof(texts->author), "%016" PRIx64, evidence->database);
	record->author = texts->author;
	record->reason = texts->reason;
	record->added_at_sec = evidence->last_sec;
}

/* ---- read ----------------------------------------------------------------------------- */

static bool get_day(const char **text, int64_t last_day, struct fleet_evidence *evidence)
{
	struct fleet_evidence_day *day = &evidence->days[evidence->day_count];
	const int64_t after = evidence->day_count ? day[-1].day : 0;
	const int64_t most = after ? after - 1 : last_day;
	uint64_t number, mask;

	if (evidence->day_count == FLEET_EVIDENCE_DAYS_MAX || most < 1 ||
	    !get_number(text, (uint64_t)most, &number) || !number ||
	    !get_number(text, (1U << FLEET_EVIDENCE_KINDS) - 1, &mask) || !mask)
		return false;
	*day = (struct fleet_evidence_day) { .day = after ? after - (int64_t)number
							  : (int64_t)number };
	for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++) {
		uint64_t count;

		if (!(mask >> kind & 1))
			continue;
		if (!get_number(text, FLEET_EVIDENCE_COUNT_MAX, &count) || !count)
			return false;
		day->counts[kind] = (uint32_t)count;
	}
	evidence->day_count++;
	return true;
}

static bool get_domain(const char **text, int64_t last_day, struct fleet_evidence *evidence)
{
	struct fleet_evidence_domain *domain = &evidence->domains[evidence->domain_count];
	const size_t bytes = strcspn(*text, ":");
	uint64_t last, is_server;

	if (evidence->domain_count == FLEET_EVIDENCE_DOMAINS_MAX || bytes >= sizeof(domain->name) ||
	    (*text)[bytes] != ':')
		return false;
	*domain = (struct fleet_evidence_domain) { .last_day = 0 };
	memcpy(domain->name, *text, bytes);
	*text += bytes + 1;
	if (!is_name(domain->name) || !get_number(text, (uint64_t)last_day, &last) ||
	    !get_number(text, (UINT64_C(1) << FLEET_EVIDENCE_MASK_DAYS) - 1, &domain->days) ||
	    !get_number(text, 1, &is_server) || !last != !(domain->days & 1) ||
	    (!last && domain->days))
		return false;
	domain->last_day = (int64_t)last;
	domain->is_server = is_server != 0;
	evidence->domain_count++;
	return true;
}

static bool get_all(const char *text, int64_t last_day, struct fleet_evidence *evidence)
{
	while (*text && *text != ';')
		if (!get_day(&text, last_day, evidence))
			return false;
	while (*text == ';') {
		text++;
		if (!get_domain(&text, last_day, evidence))
			return false;
	}
	return !*text && evidence->day_count;
}

/* That of a domain has messages sent to it, and nothing else. */
static bool is_of_place(const struct prefix *place, const struct fleet_evidence *evidence)
{
	const struct fleet_evidence_domain *domain = &evidence->domains[0];
	struct prefix right;

	if (!fleet_evidence_is_domain(place))
		return place->len == (place->family == FAMILY_IPV4 ? 32 : 64);
	if (evidence->domain_count != 1 || domain->days || domain->is_server)
		return false;
	for (size_t i = 0; i < evidence->day_count; i++)
		for (int kind = 1; kind < FLEET_EVIDENCE_KINDS; kind++)
			if (evidence->days[i].counts[kind])
				return false;
	right = fleet_evidence_place(domain->name);
	return !prefix_compare(&right, place);
}

bool fleet_evidence_read(const struct fleet_record *record, struct fleet_evidence *ret_evidence)
{
	/* Clocks may differ by a few hours at most; what counts is never after today. */
	const int64_t last_day = (fleet_version_ms(record->version) + DAY_MS / 2) / DAY_MS;
	int64_t database, expires_day;

	*ret_evidence = (struct fleet_evidence) { .last_sec = record->added_at_sec };
	if (record->kind != FLEET_EVIDENCE || record->op != FLEET_ADD ||
	    record->action != ACTION_ALLOW || record->scope.only_hosts || record->scope.not_hosts ||
	    !record->author || strlen(record->author) != 16 || !record->reason ||
	    strspn(record->author, "0123456789abcdef") != 16 ||
	    !get_all(record->reason, last_day, ret_evidence) ||
	    !is_of_place(&record->prefix, ret_evidence))
		return false;
	if (!number_parse_hex(record->author, 0, INT64_MAX, &database) ||
	    record->added_at_sec / (DAY_MS / 1000) > last_day)
		return false;
	expires_day = record->expires_at_sec / (DAY_MS / 1000);
	ret_evidence->database = (uint64_t)database;
	return expires_day > 0 && expires_day <= ret_evidence->days[0].day + KEPT_DAYS_MAX;
}

bool fleet_evidence_is_valid(const struct fleet_record *record)
{
	struct fleet_evidence evidence;

	return record->op == FLEET_END || fleet_evidence_read(record, &evidence);
}

/* ---- domains -------------------------------------------------------------------------- */

#define DOMAIN_PREFIX_BYTES 8
static const uint8_t domain_prefix[DOMAIN_PREFIX_BYTES] = { 0x01 };

struct prefix fleet_evidence_place(const char *domain)
{
	static const uint8_t key[SIPHASH_KEY_BYTES] = "ipwl domains";
	const uint64_t hash = siphash(key, domain, strlen(domain));
	struct prefix place = { .family = FAMILY_IPV6, .len = 128 };

	memcpy(place.addr, domain_prefix, DOMAIN_PREFIX_BYTES);
	for (size_t i = 0; i < 8; i++)
		place.addr[DOMAIN_PREFIX_BYTES + i] = (uint8_t)(hash >> (8 * i));
	return place;
}

bool fleet_evidence_is_domain(const struct prefix *place)
{
	return place->family == FAMILY_IPV6 && place->len == 128 &&
	       !memcmp(place->addr, domain_prefix, DOMAIN_PREFIX_BYTES);
}
