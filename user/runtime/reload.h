/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reload, once the worker is done with it: who follows the new configuration, what is
 * logged and what status keeps. */
#ifndef RUNTIME_RELOAD_H
#define RUNTIME_RELOAD_H

#include "runtime/runtime.h"

void reload_finish(struct runtime *runtime, struct job *job);

#endif
