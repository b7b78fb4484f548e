/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices by name, and what an error says of whatever was asked for. */
#ifndef BASE_DEVICE_H
#define BASE_DEVICE_H

#include <stdbool.h>

/* The ifindex of the device that has this name here; 0: none has. -errno: it is not known,
 * as where no descriptor is free. */
int device_find(const char *name);

/* Whether the error, as -errno, says that we lack something (descriptors, memory) and so
 * nothing about what was asked for. */
bool device_is_shortage(int err);

#endif
