// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, creates and removes the directories of pinned objects. It handles BPF objects only as
 * files. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include <bpf/bpf.h>

#include "base/file.h"
#include "datapath/internal.h"

#define SYS_FS_BPF "/sys/fs/bpf"

int pins_path(char path[PATH_MAX], const char *dir, const char *subdir, const char *name)
{
	int length =
	    snprintf(path, PATH_MAX, "%s/%s%s%s", dir, subdir, name ? "/" : "", name ? name : "");

	return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs info;

	return !statfs(path, &info) && (unsigned long)info.f_type == BPF_FS_MAGIC;
}

static bool is_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return !strncmp(path, parent, length) && (path[length] == '/' || path[length] == '\0');
}

int pins_make_root(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	int err;

	/* A systemd unit may hide everything in /sys/fs/bpf except our own directory. */
	if (is_below(bpffs_dir, SYS_FS_BPF) && !is_bpffs(bpffs_dir) && !is_bpffs(SYS_FS_BPF) &&
	    mount("bpf", SYS_FS_BPF, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return errors_report(error, -errno, "cannot mount a BPF file system at %s",
				     SYS_FS_BPF);
	err = directory_make(bpffs_dir, 0700);
	if (err)
		return errors_report(error, err, "cannot make directory %s", bpffs_dir);
	if (is_bpffs(bpffs_dir))
		return 0;
	errors_report(error, 0,
		      "%s is not on a BPF file system: mount one there or above "
		      "(mount -t bpf bpf DIRECTORY), or change bpffs_dir",
		      bpffs_dir);
	return -EINVAL;
}

int pins_make_subdirs(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	static const char *const subdirs[] = { PIN_MAPS_DIR, PIN_INTERFACES_DIR };
	char path[PATH_MAX];
	int err;

	for (size_t i = 0; i < sizeof(subdirs) / sizeof(subdirs[0]); i++) {
		err = pins_path(path, bpffs_dir, subdirs[i], NULL);
		if (!err)
			err = directory_make(path, 0700);
		if (err)
			return errors_report(error, err, "cannot make directory %s/%s", bpffs_dir,
					     subdirs[i]);
	}
	return 0;
}

int pins_interface_dir(const char *bpffs_dir, const char *name, char path[PATH_MAX])
{
	char file_name[IF_NAMESIZE * 3];
	size_t used = 0;

	for (const char *c = name; *c && used + 4 < sizeof(file_name); c++) {
		if (*c == '.' || *c == '%')
			used += (size_t)snprintf(file_name + used, sizeof(file_name) - used,
						 "%%%02x", (unsigned char)*c);
		else
			file_name[used++] = *c;
	}
	file_name[used] = '\0';
	return pins_path(path, bpffs_dir, PIN_INTERFACES_DIR, file_name);
}

bool pins_interface_name(const char *file_name, char *name, size_t size)
{
	size_t used = 0;

	for (const char *c = file_name; *c; c++) {
		if (used + 1 >= size)
			return false;
		if (*c != '%') {
			name[used++] = *c;
			continue;
		}
		if (!strncmp(c, "%2e", 3))
			name[used++] = '.';
		else if (!strncmp(c, "%25", 3))
			name[used++] = '%';
		else
			return false;
		c += 2;
	}
	name[used] = '\0';
	return used > 0;
}

int pins_pin(int fd, const char *path)
{
	int err;

	if (!access(path, F_OK))
		return 0;
	err = bpf_obj_pin(fd, path);
	return err && errno != EEXIST ? -errno : 0;
}

int pins_pin_unless_detached(int fd, const char *path)
{
	int err = pins_pin(fd, path);

	return err == -ENOENT ? 0 : err;
}

void pins_remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *item;

	if (!dir)
		return;
	while ((item = readdir(dir)))
		if (strcmp(item->d_name, ".") && strcmp(item->d_name, ".."))
			unlinkat(dirfd(dir), item->d_name, 0);
	closedir(dir);
	rmdir(path);
}

/* "v1", "v2", …: the shared maps of one layout. */
static bool is_layout(const char *name)
{
	return name[0] == 'v' && name[1] != '\0' &&
	       name[1 + strspn(name + 1, "0123456789")] == '\0';
}

void pins_remove_layouts(const char *bpffs_dir, const char *keep)
{
	DIR *dir = opendir(bpffs_dir);
	struct dirent *item;
	char path[PATH_MAX];

	if (!dir)
		return;
	while ((item = readdir(dir)))
		if (is_layout(item->d_name) && (!keep || strcmp(item->d_name, keep) != 0) &&
		    !pins_path(path, bpffs_dir, item->d_name, NULL))
			pins_remove_dir(path);
	closedir(dir);
}
