/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the worker drop entries whose time has come. */
#ifndef RUNTIME_EXPIRY_H
#define RUNTIME_EXPIRY_H

#include "runtime/runtime.h"

/* Set the alarm of @runtime, which has a snapshot in force. Return: 0 or -errno. */
int expiry_open(struct runtime *runtime);

#endif
