/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for devices, and never takes "cannot tell" for "there is none". */
#include "base/device.h"

#include <errno.h>
#include <net/if.h>

int device_find(const char *name)
{
	int ifindex = (int)if_nametoindex(name);

	if (!ifindex && errno != ENODEV)
		return -errno;
	return ifindex;
}

bool device_is_shortage(int err)
{
	switch (-err) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		return true;
	default:
		return false;
	}
}
