/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the wall clock that has the worker drop entries whose time has come. */
#ifndef RUNTIME_EXPIRY_H
#define RUNTIME_EXPIRY_H

#include <stdint.h>

struct expiry;
struct runtime;

/* Return: 0 or -errno. */
int expiry_open(struct runtime *runtime, struct expiry **ret_expiry);
/* NULL is fine. */
void expiry_close(struct expiry *expiry);

/* Wake up at that time; 0: never. */
void expiry_arm(const struct expiry *expiry, int64_t at_sec);

#endif
