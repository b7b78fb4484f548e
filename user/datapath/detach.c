// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking ipwl off: interfaces that are not wanted any more, or everything. Works
 * on what is pinned alone, so that it needs no daemon. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "datapath/internal.h"

int datapath_remove_interfaces(struct datapath *datapath,
			       bool (*keep)(const char *name, void *context), void *context,
			       char error[DATAPATH_ERROR_BYTES])
{
	char parent[PATH_MAX], dir[PATH_MAX], name[IF_NAMESIZE];
	struct dirent *item;
	DIR *interfaces;
	int err = pins_path(parent, datapath->bpffs_dir, PIN_INTERFACES_DIR, NULL);

	if (err)
		return err;
	interfaces = opendir(parent);
	if (!interfaces)
		return errno == ENOENT ? 0 : errors_report(error, -errno, "cannot read %s", parent);
	while ((item = readdir(interfaces))) {
		int one_err;

		if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
			continue;
		if (!pins_interface_name(item->d_name, name, sizeof(name)) || keep(name, context))
			continue;
		one_err = pins_path(dir, parent, item->d_name, NULL);
		if (!one_err)
			one_err = interfaces_detach_pinned(dir, name, error);
		if (one_err)
			err = one_err;
		else
			pins_remove_dir(dir);
	}
	closedir(interfaces);
	return err;
}

static bool keep_no_interface(const char *name, void *context)
{
	(void)name;
	(void)context;
	return false;
}

int datapath_detach(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	char dir[PATH_MAX];
	struct datapath pinned = { .bpffs_dir = (char *)(uintptr_t)bpffs_dir };
	int err;

	errors_capture();
	errors_clear();
	if (access(bpffs_dir, F_OK))
		return errno == ENOENT ? 0 : errors_report(error, -errno, "%s", bpffs_dir);
	err = datapath_remove_interfaces(&pinned, keep_no_interface, NULL, error);
	/* Maps stay as long as a program that could not be taken off uses them. */
	if (err)
		return err;
	if (!pins_path(dir, bpffs_dir, PIN_INTERFACES_DIR, NULL))
		rmdir(dir);
	pins_remove_layouts(bpffs_dir, NULL);
	/* The directory may be the mount point itself, or hold what is not ours. */
	rmdir(bpffs_dir);
	return 0;
}
