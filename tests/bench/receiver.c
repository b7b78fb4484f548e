/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends packets to receivers and holds them to what they should do. */
#include "receiver.h"

#include "report.h"
#include "sandbox.h"

void receiver_need(const struct receiver_kind *kind)
{
	if (kind->program && !sandbox_has(kind->program))
		die("%s is missing: run scripts/deps.sh --bench", kind->program);
}

void receiver_open(struct receiver *receiver, const struct receiver_kind *kind,
		   const struct receiver_list *list)
{
	*receiver = (struct receiver) { .kind = kind };
	wire_open(&receiver->wire);
	kind->open(receiver, list);
}

void receiver_close(struct receiver *receiver)
{
	if (receiver->kind->close)
		receiver->kind->close(receiver);
	wire_close(&receiver->wire);
}

/* Whether packets that are all listed, or all not, come through. */
static bool comes_through(const struct receiver_kind *kind, bool is_listed)
{
	return is_listed ? kind->passes_listed : !kind->drops_unlisted;
}

static double send_counted(const struct receiver *receiver, size_t count, bool is_listed)
{
	const struct receiver_kind *kind = receiver->kind;
	uint64_t before = kind->passed(receiver);
	double ns = wire_send(&receiver->wire, count);
	uint64_t passed = kind->passed(receiver) - before;

	if (passed != (comes_through(kind, is_listed) ? count : 0))
		die("%s: of %zu packets from %s sources %llu came through", kind->name, count,
		    is_listed ? "listed" : "unlisted", (unsigned long long)passed);
	return ns;
}

double receiver_send(const struct receiver *receiver, size_t count, bool is_listed)
{
	if (receiver->kind->count_passed)
		return wire_send(&receiver->wire, count);
	return send_counted(receiver, count, is_listed);
}

void receiver_check(const struct receiver *receiver, const struct prefix_list *list, size_t count)
{
	const struct receiver_kind *kind = receiver->kind;

	if (kind->count_passed)
		kind->count_passed(receiver, true);
	wire_draw(SOURCE_KIND_LISTED, list);
	send_counted(receiver, count, true);
	wire_draw(SOURCE_KIND_UNLISTED, list);
	send_counted(receiver, count, false);
	wire_draw(SOURCE_KIND_NEAR_UNLISTED, list);
	send_counted(receiver, count, false);
	if (kind->count_passed)
		kind->count_passed(receiver, false);
}
