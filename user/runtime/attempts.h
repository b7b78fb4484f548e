/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands the attempts that the kernel reports to the engine, in batches. */
#ifndef RUNTIME_ATTEMPTS_H
#define RUNTIME_ATTEMPTS_H

struct attempt_reader;
struct runtime;

/* Return: 0 or -errno. */
int attempt_reader_open(struct runtime *runtime, struct attempt_reader **ret_reader);

/* Note what was read and not noted yet. The worker must have ended. What was not read stays for the
 * next ipwld. NULL is fine. */
void attempt_reader_close(struct attempt_reader *reader);

#endif
