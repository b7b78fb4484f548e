/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `top` knows: counters of ipwld and how fast they grow, and the sources of attempts. Takes
 * answers of ipwld and the time; asks nobody and draws nothing. If memory runs out, something is
 * missing until the next answer.
 */
#ifndef SCREEN_MODEL_H
#define SCREEN_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* Rates of a counter that are kept, one for each look. */
#define TOP_RATES_MAX 240
/* Sources that are kept. The least of them gives way to a new one. */
#define TOP_SOURCES_MAX 4096
/* Attempts of the last minute are counted in steps. */
#define TOP_STEPS 6
#define TOP_STEP_SEC 10
#define TOP_NAME_BYTES 64

enum top_verdict {
	TOP_ALLOW,
	TOP_AVERTED,
	TOP_UNLISTED,
	TOP_WOULD_BLOCK,
	TOP_BLOCK,
	TOP_VERDICT_COUNT,
};
/* "allow", … as ipwld names them. */
extern const char *const top_verdict_names[TOP_VERDICT_COUNT];

/* A counter that only grows, unless ipwld's maps begin anew. */
struct top_counter {
	uint64_t total;
	double rate; /* per second, of the last look */
	/* The last looks, the newest before `next`. */
	double rates[TOP_RATES_MAX];
	size_t next, rate_count;
	bool is_known;
};

/* A list or an interface, with its counter. */
struct top_item {
	char name[TOP_NAME_BYTES];
	char kind[16]; /* allow or block; the XDP mode */
	char mode[16]; /* of a list; "" or "-": none */
	uint64_t entries;
	struct top_counter counter; /* connections of a list, packets of an interface */
	bool is_present;
};

struct top_items {
	struct top_item *items;
	size_t count;
};

/* An address that attempted to connect, and what became of it the last time. */
struct top_source {
	struct prefix source;
	enum top_verdict verdict;
	char list[TOP_NAME_BYTES]; /* "-": unknown */
	char entry[PREFIX_TEXT_BYTES];
	uint64_t attempts;
	int64_t last_sec;	   /* since 1970 */
	uint32_t steps[TOP_STEPS]; /* attempts by step of the last minute */
	int64_t step;		   /* the newest of them, since 1970 */
};

struct top_model {
	char host[TOP_NAME_BYTES];
	char health[256];
	int health_level;  /* of health.h */
	char problem[256]; /* why ipwld gives no answer; "": it does */
	char news[128];	   /* what happened to ipwld while we looked */
	char started_at[32];
	double looked_at_sec; /* 0: never */
	struct top_counter verdicts[TOP_VERDICT_COUNT];
	struct top_items lists, interfaces;
	struct top_source *sources;
	size_t source_count;
	uint64_t missed; /* attempts that ipwld no longer had */
	json_int_t next; /* the attempt to ask for; -1: begin with what happens now */
};

/* Return: 0 or -ENOMEM. */
int top_model_init(struct top_model *model);
void top_model_done(struct top_model *model);

/* Take the answer of GET /v1/status. @now_sec: of a clock that does not step. */
void top_take_status(struct top_model *model, const json_t *status, double now_sec);

/* Take the answer of GET /v1/monitor. Return: whether there may be more. */
bool top_take_attempts(struct top_model *model, const json_t *answer);

/* Begin with the sources of GET /v1/blocked. */
void top_take_blocked(struct top_model *model, const json_t *answer);

/* ipwld gives no answer, and @why says so. What is known stays. */
void top_lose(struct top_model *model, const char *why);

/* Attempts of the minute before @now_sec (since 1970). */
uint64_t top_source_recent(const struct top_source *source, int64_t now_sec);

#endif
