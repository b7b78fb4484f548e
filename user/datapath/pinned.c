// SPDX-License-Identifier: GPL-2.0-or-later
/* Handles what this daemon or an earlier one has pinned for an interface: its link and its
 * state. Needs neither a daemon nor the interface. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/device.h"
#include "datapath/internal.h"

static int open_state(const char *dir)
{
	char path[PATH_MAX];
	int err = pins_path(path, dir, PIN_STATE, NULL);

	return err ? err : bpf_obj_get(path);
}

struct ipwl_interface_state pinned_state(const char *dir)
{
	struct ipwl_interface_state state = { 0 };
	uint32_t zero = 0;
	int map = open_state(dir);

	if (map < 0)
		return state;
	if (bpf_map_lookup_elem(map, &zero, &state))
		state = (struct ipwl_interface_state) { 0 };
	close(map);
	return state;
}

/* ---- detach -------------------------------------------------------------- */

/* The device that a pinned link is attached to. Without one, the device that has the name now,
 * because a daemon may have been killed after it attached the tc filter and before it made the
 * link. 0: there is no such device, or another program holds it, which may be another ipwld.
 * -errno: it is not known. */
static int pinned_ifindex(int link, const char *name)
{
	int ifindex = link >= 0 ? xdp_link_ifindex(link) : 0;
	enum attach_mode mode;
	int err;

	if (ifindex > 0)
		return ifindex;
	ifindex = device_find(name);
	if (ifindex <= 0)
		return ifindex;
	err = xdp_device_mode(ifindex, &mode);
	if (err)
		return err == -ENODEV ? 0 : err;
	return mode == ATTACH_NONE ? ifindex : 0;
}

int pinned_detach(const char *dir, const char *name, char error[DATAPATH_ERROR_BYTES])
{
	char pin[PATH_MAX];
	int err = pins_path(pin, dir, PIN_LINK, NULL);
	int link, ifindex;

	if (err)
		return errors_report(error, err, "%s", dir);
	link = bpf_obj_get(pin);
	if (link < 0 && errno != ENOENT)
		return errors_report(error, -errno, "cannot open %s", pin);
	ifindex = pinned_ifindex(link, name);
	if (ifindex < 0)
		err = errors_report(error, ifindex, "cannot look up %s", name);
	/* Other processes may hold the link open, so closing it is not enough. */
	if (link >= 0 && bpf_link_detach(link))
		err = errors_report(error, -errno, "cannot remove the XDP program from %s", name);
	if (ifindex > 0 && tc_detach(ifindex, pinned_state(dir).qdisc_created))
		err = errors_report(error, -EIO, "cannot remove the tc filter of %s", name);
	if (link >= 0)
		close(link);
	if (!err)
		unlink(pin);
	return err;
}

/* ---- names that changed ---------------------------------------------------- */

static int open_link(const char *dir, char pin[PATH_MAX])
{
	int err = pins_path(pin, dir, PIN_LINK, NULL);

	return err ? err : bpf_obj_get(pin);
}

/* Exchange the flags that say who created the qdisc, because the qdisc belongs to the device.
 * Findings about the driver are discarded; the first packet finds them again. */
static void exchange_states(const char *dir, const char *other_dir)
{
	const struct ipwl_interface_state states[] = { pinned_state(other_dir), pinned_state(dir) };
	const char *const dirs[] = { dir, other_dir };
	uint32_t zero = 0;

	for (size_t i = 0; i < 2; i++) {
		struct ipwl_interface_state state = { .qdisc_created = states[i].qdisc_created };
		int map = open_state(dirs[i]);

		if (map < 0)
			continue;
		bpf_map_update_elem(map, &zero, &state, BPF_ANY);
		close(map);
	}
}

/* Both links stay open during the exchange, so no program is detached. */
static int exchange_pins(const char *dir, const char *other_dir, int other_link)
{
	char pin[PATH_MAX], other_pin[PATH_MAX];
	int link = open_link(dir, pin);
	int err = pins_path(other_pin, other_dir, PIN_LINK, NULL);

	if (err)
		goto out;
	if ((unlink(pin) && errno != ENOENT) || unlink(other_pin) || bpf_obj_pin(other_link, pin) ||
	    (link >= 0 && bpf_obj_pin(link, other_pin)))
		err = -errno;
out:
	if (link >= 0)
		close(link);
	return err;
}

static bool take_link_from(const char *dir, const char *other_dir, int ifindex)
{
	char other_pin[PATH_MAX];
	int other_link = open_link(other_dir, other_pin);
	bool is_taken = false;

	if (other_link < 0)
		return false;
	if (xdp_link_ifindex(other_link) == ifindex && !exchange_pins(dir, other_dir, other_link)) {
		exchange_states(dir, other_dir);
		is_taken = true;
	}
	close(other_link);
	return is_taken;
}

void pinned_take_from_other(const char *bpffs_dir, const char *dir, int ifindex)
{
	char parent[PATH_MAX], other_dir[PATH_MAX], name[IF_NAMESIZE];
	const struct dirent *item;
	bool is_taken = false;
	DIR *interfaces;

	if (pins_path(parent, bpffs_dir, PIN_INTERFACES_DIR, NULL))
		return;
	interfaces = opendir(parent);
	if (!interfaces)
		return;
	while (!is_taken && (item = readdir(interfaces))) {
		if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, "..") ||
		    !pins_interface_name(item->d_name, name, sizeof(name)) ||
		    pins_path(other_dir, parent, item->d_name, NULL) || !strcmp(other_dir, dir))
			continue;
		is_taken = take_link_from(dir, other_dir, ifindex);
	}
	closedir(interfaces);
}
