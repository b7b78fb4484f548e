/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures evidence: load ADDRESSES [BATCH]. Notes evidence about so many addresses, as a busy
 * server's log gives it, then reviews them, and prints times and memory. The engine is the real
 * one, with a kernel that is not there.
 */
#include <sys/resource.h>
#include <time.h>

#include "../unit/learned_fixture.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double processor(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long memory_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static uint64_t state = 88172645463325252ULL;

static uint32_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* One of a number of addresses; few of them send much of the mail. */
static struct prefix draw_address(uint32_t count)
{
	const uint32_t which = draw() % 2 ? draw() % count : draw() % (count / 50 + 1);
	const uint32_t number = 0x2e000000U + which * 3;

	return (struct prefix) { .addr = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
					   (uint8_t)(number >> 8), (uint8_t)number },
				 .family = FAMILY_IPV4,
				 .len = 32 };
}

/* Of 100 items 12 are sent, 45 accepted, 3 authenticated, and 40 are rejects. */
static void draw_item(uint32_t addresses, int64_t at_sec, struct evidence *ret_evidence)
{
	const uint32_t kind = draw() % 100;

	*ret_evidence = (struct evidence) { .source = EVIDENCE_FROM_POSTFIX, .at_sec = at_sec };
	ret_evidence->has_address = true;
	ret_evidence->address = draw_address(addresses);
	if (kind < 12) {
		ret_evidence->kind = EVIDENCE_SENT;
		ret_evidence->recipient_count = 1;
		snprintf(ret_evidence->domain, sizeof(ret_evidence->domain), "d%u.example",
			 draw() % 3000);
		snprintf(ret_evidence->person, sizeof(ret_evidence->person), "user%u@home.example",
			 draw() % 500);
	} else {
		ret_evidence->kind = kind < 57	 ? EVIDENCE_ACCEPTED
				     : kind < 60 ? EVIDENCE_HAM
						 : EVIDENCE_REJECTED;
		snprintf(ret_evidence->domain, sizeof(ret_evidence->domain), "d%u.example",
			 draw() % 20000);
		snprintf(ret_evidence->name, sizeof(ret_evidence->name), "mx%u.example",
			 ret_evidence->address.addr[3]);
	}
}

static void note_all(uint32_t addresses, size_t batch_size, size_t total)
{
	struct evidence *items = calloc(batch_size, sizeof(*items));
	double made = 0, noted = 0, used = 0, slowest = 0;

	assert_non_null(items);
	for (size_t done = 0; done < total; done += batch_size) {
		const struct evidence_batch batch = {
			.items = items, .count = batch_size, .reader = "load", .position = "1"
		};
		struct evidence_noted result;
		struct refusal refusal = { 0 };
		double begin = now(), cpu;

		for (size_t i = 0; i < batch_size; i++)
			draw_item(addresses, at(0) + (int64_t)(done * 30 * DAY / total), &items[i]);
		made += now() - begin;
		begin = now();
		cpu = processor();
		assert_int_equal(engine_note_evidence(fixture_engine, &batch, &result, &refusal),
				 0);
		noted += now() - begin;
		used += processor() - cpu;
		slowest = now() - begin > slowest ? now() - begin : slowest;
	}
	printf("noted %zu items in batches of %zu: %.2f s (%.2f s of processor), %.0f items/s, "
	       "slowest batch %.2f s; making them took %.2f s\n",
	       total, batch_size, noted, used, (double)total / noted, slowest, made);
	free(items);
}

static void review_all(void)
{
	double begin = now(), cpu = processor(), slowest = 0;
	size_t steps = 0;
	bool is_complete;

	do {
		const double step = now();

		is_complete = engine_review_learned(fixture_engine);
		slowest = now() - step > slowest ? now() - step : slowest;
		steps++;
	} while (!is_complete);
	printf("reviewed in %zu steps: %.2f s (%.2f s of processor), slowest step %.3f s\n", steps,
	       now() - begin, processor() - cpu, slowest);
}

int main(int count, char **arguments)
{
	const uint32_t addresses = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 1000000;
	const size_t batch = count > 2 ? strtoul(arguments[2], NULL, 10) : EVIDENCE_BATCH_MAX;
	struct stat status;
	void *unused = NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	assert_int_equal(fixture_open(&unused), 0);
	learn_begin("  max_entries: 1000000\n  max_addresses: 20000000\n"
		    "  partner: {max_new_domains: 1000000}\n");
	printf("before: %ld KiB\n", memory_kib());
	note_all(addresses, batch, 4 * (size_t)addresses);
	assert_int_equal(stat(LEARN_DB, &status), 0);
	printf("%lld rows by address and day of %lld addresses, learn.db %lld MiB, %ld KiB\n",
	       (long long)learn_sql("SELECT count(*) FROM days"),
	       (long long)learn_sql("SELECT count(DISTINCT address) FROM days"),
	       (long long)status.st_size >> 20, memory_kib());
	review_all();
	printf("after the review: %ld KiB\n", memory_kib());
	fixture_stop_engine();
	fixture_close(&unused);
	return 0;
}
