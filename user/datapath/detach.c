// SPDX-License-Identifier: GPL-2.0-or-later
/* Detaches ipwl from interfaces that are no longer configured, or removes it completely. Uses
 * only what is pinned, so it needs no daemon. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/claim.h"
#include "datapath/internal.h"
#include "datapath/sessions.h"

/* Detach the interface whose directory is @item of @parent, unless @keep returns true for its
 * name. */
static int remove_interface(const char *parent, const char *item,
			    bool (*keep)(const char *name, void *context), void *context,
			    char error[DATAPATH_ERROR_BYTES])
{
	char dir[PATH_MAX], name[IF_NAMESIZE];
	int err;

	if (!pins_interface_name(item, name, sizeof(name)) || keep(name, context))
		return 0;
	err = pins_path(dir, parent, item, NULL);
	if (err)
		return errors_report(error, err, "%s/%s", parent, item);
	err = pinned_detach(dir, name, error);
	if (!err)
		pins_remove_dir(dir);
	return err;
}

static int remove_interfaces(const char *bpffs_dir, bool (*keep)(const char *name, void *context),
			     void *context, char error[DATAPATH_ERROR_BYTES])
{
	const struct dirent *item;
	char parent[PATH_MAX];
	DIR *interfaces;
	int err = pins_path(parent, bpffs_dir, PIN_INTERFACES_DIR, NULL);

	if (err)
		return errors_report(error, err, "%s", bpffs_dir);
	interfaces = opendir(parent);
	if (!interfaces)
		return errno == ENOENT ? 0 : errors_report(error, -errno, "cannot read %s", parent);
	while ((item = readdir(interfaces))) {
		int one_err;

		if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
			continue;
		one_err = remove_interface(parent, item->d_name, keep, context, error);
		if (one_err)
			err = one_err;
	}
	closedir(interfaces);
	return err;
}

int datapath_remove_interfaces(struct datapath *datapath,
			       bool (*keep)(const char *name, void *context), void *context,
			       char error[DATAPATH_ERROR_BYTES])
{
	return remove_interfaces(datapath->bpffs_dir, keep, context, error);
}

int datapath_detach_missing(const struct datapath *datapath, const char *name,
			    char error[DATAPATH_ERROR_BYTES])
{
	char dir[PATH_MAX], pin[PATH_MAX];
	int err = pins_interface_dir(datapath->bpffs_dir, name, dir);

	if (!err)
		err = pins_path(pin, dir, PIN_LINK, NULL);
	if (err)
		return errors_report(error, err, "%s", name);
	return access(pin, F_OK) ? 0 : pinned_detach(dir, name, error);
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
	int err;

	errors_capture();
	if (access(bpffs_dir, F_OK))
		return errno == ENOENT ? 0 : errors_report(error, -errno, "%s", bpffs_dir);
	err = remove_interfaces(bpffs_dir, keep_no_interface, NULL, error);
	if (!err)
		err = sessions_remove(bpffs_dir, error);
	/* The maps stay if a program that could not be detached still uses them. */
	if (err)
		return err;
	if (!pins_path(dir, bpffs_dir, PIN_INTERFACES_DIR, NULL))
		rmdir(dir);
	pins_remove_layouts(bpffs_dir, NULL);
	/* The directory may be a mount point, or contain files that are not ours. */
	claim_remove_directory(bpffs_dir);
	return 0;
}
