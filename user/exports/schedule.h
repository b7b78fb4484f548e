/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exports of the configuration, kept equal to what is in force. Threads of their
 * own write them: neither the main loop nor the worker waits, and whatever goes wrong
 * here changes no decision.
 */
#ifndef EXPORTS_SCHEDULE_H
#define EXPORTS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;
struct exports;
struct job;

/* How one export is. */
struct export_state {
	char *path;
	bool has_run;
	bool is_successful;
	bool is_after_due;	/* the file has changed, and its command has not succeeded */
	size_t prefix_count;	/* in the file or files */
	int64_t changed_at_sec; /* by this runtime; 0: not yet */
	int64_t succeeded_at_sec;
	char *error; /* or NULL */
};

/* Return: 0 or -errno. */
int exports_open(struct runtime *runtime, struct exports **ret_exports);
/* Ends a command that runs. NULL is fine. */
void exports_close(struct exports *exports);

/* The daemon has a new snapshot. */
void exports_update(struct exports *exports);

/* The state of the export at that index of the configuration in force, or NULL. */
const struct export_state *exports_state(const struct exports *exports, size_t index);

/* Hand a JOB_EXPORT_TEXT over; its done() is called in the main loop. */
void exports_submit_text(struct exports *exports, struct job *job);

#endif
