/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in log files. Names and inode numbers change when a log is rotated, and are used again;
 * the bytes before a place stay. */
#include "maillog/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "maillog/messages.h"
#include "maillog/scan.h"

static uint32_t bytes_before(int64_t offset, uint32_t max)
{
	return offset < max ? (uint32_t)offset : max;
}

/* Numbers in texts have 63 bits. */
static uint64_t bytes_hash(const char *bytes, size_t count)
{
	return text_hash(bytes, count) >> 1;
}

struct place_mark place_mark(const struct place *place)
{
	const uint32_t head_bytes = bytes_before(place->offset, PLACE_HEAD_BYTES);
	const uint32_t tail_bytes = bytes_before(place->offset, PLACE_TAIL_BYTES);

	return (struct place_mark) {
		.offset = place->offset,
		.head_bytes = head_bytes,
		.head = bytes_hash(place->head, head_bytes),
		.tail_bytes = tail_bytes,
		.tail = bytes_hash(place->tail, tail_bytes),
		.previous_bytes = place->previous_bytes,
		.previous = place->previous,
	};
}

void place_mark_format(const struct place_mark *mark, char text[PLACE_TEXT_BYTES])
{
	snprintf(text, PLACE_TEXT_BYTES,
		 "file %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64, mark->offset,
		 mark->head, mark->tail, mark->previous_bytes, mark->previous);
}

static bool scan_next(struct scan *scan, int64_t *ret_number)
{
	size_t digits;

	if (!scan_word(scan, " "))
		return false;
	digits = number_scan(scan->at, (size_t)(scan->end - scan->at), ret_number);
	scan->at += digits;
	return digits > 0;
}

bool place_mark_parse(const char *text, struct place_mark *ret_mark)
{
	struct scan scan = { text, text + strlen(text) };
	int64_t offset, head, tail, previous_bytes, previous;

	if (!scan_word(&scan, "file") || !scan_next(&scan, &offset) || !scan_next(&scan, &head) ||
	    !scan_next(&scan, &tail) || !scan_next(&scan, &previous_bytes) ||
	    !scan_next(&scan, &previous) || !scan_is_at_end(&scan) ||
	    previous_bytes > PLACE_HEAD_BYTES)
		return false;
	*ret_mark = (struct place_mark) {
		.offset = offset,
		.head_bytes = bytes_before(offset, PLACE_HEAD_BYTES),
		.head = (uint64_t)head,
		.tail_bytes = bytes_before(offset, PLACE_TAIL_BYTES),
		.tail = (uint64_t)tail,
		.previous_bytes = (uint32_t)previous_bytes,
		.previous = (uint64_t)previous,
	};
	return true;
}

/* ---- files ---------------------------------------------------------------- */

static bool has_bytes(struct log_file *file, int64_t offset, uint32_t count, uint64_t hash)
{
	char bytes[PLACE_HEAD_BYTES];

	return log_file_read_at(file, offset, bytes, count) == (ssize_t)count &&
	       bytes_hash(bytes, count) == hash;
}

bool place_begins_with(struct log_file *file, uint32_t bytes, uint64_t hash)
{
	return has_bytes(file, 0, bytes, hash);
}

bool place_mark_is_in(const struct place_mark *mark, struct log_file *file)
{
	return has_bytes(file, 0, mark->head_bytes, mark->head) &&
	       has_bytes(file, mark->offset - mark->tail_bytes, mark->tail_bytes, mark->tail);
}

bool place_is_still_in(const struct place *place, struct log_file *file)
{
	const uint32_t bytes = bytes_before(place->offset, PLACE_TAIL_BYTES);
	char tail[PLACE_TAIL_BYTES];

	return log_file_read_at(file, place->offset - bytes, tail, bytes) == (ssize_t)bytes &&
	       !memcmp(tail, place->tail, bytes);
}

bool place_go(struct place *place, struct log_file *file, const struct place_mark *mark)
{
	struct place next = { .offset = mark->offset,
			      .previous_bytes = mark->previous_bytes,
			      .previous = mark->previous };

	if (log_file_read_at(file, 0, next.head, mark->head_bytes) != (ssize_t)mark->head_bytes ||
	    log_file_read_at(file, mark->offset - mark->tail_bytes, next.tail, mark->tail_bytes) !=
		(ssize_t)mark->tail_bytes)
		return false;
	*place = next;
	return true;
}

void place_advance(struct place *place, const char *bytes, size_t count)
{
	const uint32_t head_bytes = bytes_before(place->offset, PLACE_HEAD_BYTES);
	const uint32_t tail_bytes = bytes_before(place->offset, PLACE_TAIL_BYTES);
	const size_t new_head =
	    count < PLACE_HEAD_BYTES - head_bytes ? count : PLACE_HEAD_BYTES - head_bytes;
	const size_t new_tail = count < PLACE_TAIL_BYTES ? count : PLACE_TAIL_BYTES;
	const size_t kept =
	    tail_bytes + new_tail > PLACE_TAIL_BYTES ? PLACE_TAIL_BYTES - new_tail : tail_bytes;

	memcpy(place->head + head_bytes, bytes, new_head);
	memmove(place->tail, place->tail + (tail_bytes - kept), kept);
	memcpy(place->tail + kept, bytes + (count - new_tail), new_tail);
	place->offset += (int64_t)count;
}

void place_begin_next(struct place *place)
{
	const struct place_mark mark = place_mark(place);

	/* Of an empty file, nothing is known. */
	if (!mark.offset)
		return;
	*place = (struct place) { .previous_bytes = mark.head_bytes, .previous = mark.head };
}
