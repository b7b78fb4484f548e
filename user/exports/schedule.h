/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exports of the configuration, kept equal to what is in force. Separate threads write
 * them, so neither the main loop nor the worker waits, and a failure here changes no decision. */
#ifndef EXPORTS_SCHEDULE_H
#define EXPORTS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct export_basis;
struct exports;
struct snapshot;
struct task;

/* How one export is. */
struct export_state {
	char *path;
	bool has_run;
	bool is_successful;
	bool is_after_due;	/* the file has changed, and its command has not succeeded */
	size_t prefix_count;	/* in the file or files */
	int64_t changed_at_sec; /* by this runtime; 0: not yet */
	int64_t succeeded_at_sec;
	char *error;		    /* or NULL */
	struct export_basis *basis; /* what the file was made of; NULL: it must be compared */
};

/* Return: 0 or -errno. */
int exports_open(struct event_base *base, struct exports **ret_exports);
/* Ends a command that runs. NULL is fine. */
void exports_close(struct exports *exports);

/* Another snapshot is in force; a reference is taken. */
void exports_update(struct exports *exports, struct snapshot *snapshot);
/* ipwld is stopping: write no more after what is being written. */
void exports_end(struct exports *exports);

/* The state of the export at that index of the configuration in force, or NULL. */
const struct export_state *exports_state(const struct exports *exports, size_t index);

/* Hand a task over to the thread that makes texts. */
void exports_submit_text(struct exports *exports, struct task *task);

#endif
