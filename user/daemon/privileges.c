/* SPDX-License-Identifier: GPL-2.0-or-later */
/* If no service manager confines ipwld, it keeps the user root, but drops most of root's
 * capabilities. */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/control.h"
#include "base/log.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* CAP_KILL: to end a fetcher, which runs as another user. CAP_SYS_ADMIN: to mount a BPF file
 * system, and to read the names of other programs that are in the way. */
static const uint64_t kept =
    BIT(CAP_BPF) | BIT(CAP_NET_ADMIN) | BIT(CAP_PERFMON) | BIT(CAP_KILL) | BIT(CAP_SYS_ADMIN);

/* A member of the group may give the control socket to the group without CAP_CHOWN. */
static int privileges_join_group(void)
{
	const struct group *group = getgrnam(CONTROL_GROUP);
	gid_t groups[NGROUPS_MAX];
	int count;

	if (!group)
		return 0;
	count = getgroups(NGROUPS_MAX - 1, groups);
	if (count < 0)
		return -errno;
	groups[count] = group->gr_gid;
	return setgroups((size_t)count + 1, groups) ? -errno : 0;
}

static int privileges_keep(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(capabilities >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

void privileges_reduce(void)
{
	int err;

	if (geteuid())
		return;
	err = privileges_join_group();
	if (!err)
		err = privileges_keep(kept);
	if (err)
		log_warning("daemon", "cannot drop capabilities: %s", strerror(-err));
}
