// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds directories of cgroup v2. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "datapath/internal.h"

#define MOUNTS "/proc/self/mounts"
#define MOUNT_BYTES (4 * PATH_MAX)

/* Return: whether a mount was found for which @is_wanted returns true. */
static bool find_mount(bool (*is_wanted)(const struct mntent *mount), char path[PATH_MAX])
{
	char buffer[MOUNT_BYTES];
	struct mntent mount;
	FILE *stream = setmntent(MOUNTS, "re");
	bool is_found = false;

	if (!stream)
		return false;
	while (!is_found && getmntent_r(stream, &mount, buffer, sizeof(buffer)))
		is_found = is_wanted(&mount) && strlen(mount.mnt_dir) < PATH_MAX;
	if (is_found)
		snprintf(path, PATH_MAX, "%s", mount.mnt_dir);
	endmntent(stream);
	return is_found;
}

static bool is_cgroup2(const struct mntent *mount)
{
	return !strcmp(mount->mnt_type, "cgroup2");
}

static bool classifies_sockets(const struct mntent *mount)
{
	return !strcmp(mount->mnt_type, "cgroup") &&
	       (hasmntopt(mount, "net_cls") || hasmntopt(mount, "net_prio"));
}

/* Linux 5.15 keeps both apart. */
static bool is_kernel_old(void)
{
	struct utsname name;
	unsigned long major, minor;
	char *end;

	if (uname(&name))
		return false;
	major = strtoul(name.release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	return major < 5 || (major == 5 && minor < 15);
}

bool cgroup_v1_classifies(void)
{
	char path[PATH_MAX];

	return is_kernel_old() && find_mount(classifies_sockets, path);
}

int cgroup_open(const char *cgroup, char ret_path[PATH_MAX], char error[DATAPATH_ERROR_BYTES])
{
	struct statfs info;
	int fd;

	ret_path[0] = '\0';
	if (!cgroup && !find_mount(is_cgroup2, ret_path)) {
		errors_report(error, 0,
			      "no cgroup v2 is mounted: mount one (mount -t cgroup2 none "
			      "/sys/fs/cgroup/unified)");
		return -ENOENT;
	}
	if (cgroup)
		snprintf(ret_path, PATH_MAX, "%s", cgroup);
	fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errors_report(error, -errno, "cannot open the cgroup %s", ret_path);
	if (!fstatfs(fd, &info) && (unsigned long)info.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	errors_report(error, 0, "%s is not a directory of cgroup v2", ret_path);
	return -ENOTDIR;
}

uint64_t cgroup_id(int fd)
{
	struct stat info;

	return fstat(fd, &info) ? 0 : info.st_ino;
}
