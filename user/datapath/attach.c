// SPDX-License-Identifier: GPL-2.0-or-later
/* Attaches programs to devices, takes over and replaces earlier ones, and detaches them. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

const char *const attach_mode_names[] = { "none", "native", "generic" };
_Static_assert(sizeof(attach_mode_names) / sizeof(attach_mode_names[0]) == ATTACH_MODE_COUNT,
	       "a name for each");

const char *const marking_names[] = { "none", "metadata", "classify", "uncertain" };
_Static_assert(sizeof(marking_names) / sizeof(marking_names[0]) == MARKING_COUNT,
	       "a name for each");

/*
 * A number for this interface of this ipwld (FNV-1a of the maps' cookie and the name). It does
 * not change when the daemon restarts. A restart replaces the old daemon's XDP and tc programs
 * one after the other, and with the same number the old one and the new one still understand
 * each other.
 */
static uint32_t meta_owner(const struct datapath *datapath, const char *name)
{
	uint64_t cookie = datapath_cookie(datapath);
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < sizeof(cookie); i++)
		hash = (hash ^ (uint8_t)(cookie >> (8 * i))) * 16777619U;
	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619U;
	return hash ? hash : 1;
}

static int make_dir(const char *bpffs_dir, const char *name, char dir[PATH_MAX])
{
	int err = pins_interface_dir(bpffs_dir, name, dir);

	if (err)
		return err;
	return mkdir(dir, 0700) && errno != EEXIST ? -errno : 0;
}

/* Counters that an ipwl with other verdicts has pinned: forget them, like the other counters of
 * another layout. The programs that count in them keep them until they are replaced. */
static void drop_unfit_counters(const char *dir)
{
	struct bpf_map_info info = { .type = 0 };
	uint32_t bytes = sizeof(info);
	char path[PATH_MAX];
	int fd;

	if (pins_path(path, dir, PIN_COUNTERS, NULL))
		return;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &bytes) && info.max_entries != IPWL_COUNTER_COUNT)
		unlink(path);
	close(fd);
}

static int load_programs(struct interface *interface, char error[DATAPATH_ERROR_BYTES])
{
	const struct datapath *datapath = interface->datapath;
	char dir[PATH_MAX];
	int err = make_dir(datapath->bpffs_dir, interface->name, dir);

	if (err)
		return errors_report(error, err, "cannot make a directory for interface %s",
				     interface->name);
	drop_unfit_counters(dir);
	return load_skeleton(datapath->bpffs_dir, dir, meta_owner(datapath, interface->name),
			     &interface->skeleton, error);
}

int interface_open(struct datapath *datapath, const char *name, struct interface **ret_interface,
		   char error[DATAPATH_ERROR_BYTES])
{
	struct interface *interface = calloc(1, sizeof(*interface));
	int err;

	if (interface)
		interface->name = strdup(name);
	if (!interface || !interface->name) {
		free(interface);
		return errors_report(error, -ENOMEM, "cannot open interface %s", name);
	}
	interface->datapath = datapath;
	interface->link = -1;
	err = load_programs(interface, error);
	if (err) {
		interface_close(interface);
		return err;
	}
	*ret_interface = interface;
	return 0;
}

void interface_close(struct interface *interface)
{
	if (!interface)
		return;
	if (interface->link >= 0)
		close(interface->link);
	ipwl_bpf__destroy(interface->skeleton);
	free(interface->name);
	free(interface);
}

/* ---- what the kernel says ------------------------------------------------ */

/* Return: 0; -errno: the kernel gave no answer. */
static int ask_mode(const struct interface *interface, enum attach_mode *ret_mode)
{
	enum attach_mode mode = ATTACH_NONE;
	int on = 0, err = 0;

	if (interface->link >= 0 && interface->ifindex)
		on = xdp_link_ifindex(interface->link);
	if (on > 0 && on == interface->ifindex)
		err = xdp_device_mode(on, &mode);
	/* The device may disappear between the two calls. */
	if (on < 0 || (err && err != -ENODEV))
		return on < 0 ? on : err;
	*ret_mode = mode;
	return 0;
}

enum attach_mode interface_attached(struct interface *interface)
{
	/* On failure, the last answer is the best guess. */
	ask_mode(interface, &interface->mode);
	return interface->mode;
}

static int read_state(const struct interface *interface, struct ipwl_interface_state *ret_state)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(bpf_map__fd(interface->skeleton->maps.interface_state), &zero,
				   ret_state)
		   ? -errno
		   : 0;
}

enum marking interface_marking(struct interface *interface)
{
	struct ipwl_interface_state state;
	int is_attached = interface->link >= 0 ? tc_is_attached(interface->ifindex) : 0;

	if (is_attached < 0 || (is_attached && read_state(interface, &state)))
		return interface->marking;
	if (!is_attached)
		interface->marking = MARKING_NONE;
	else if (xdp_device_has_tcx(interface->ifindex))
		interface->marking = MARKING_UNCERTAIN;
	else
		interface->marking = state.metadata_missing ? MARKING_CLASSIFY : MARKING_METADATA;
	return interface->marking;
}

/* ---- attach -------------------------------------------------------------- */

/* The programs read an Ethernet header first. */
static int check_device(const char *name, char error[DATAPATH_ERROR_BYTES])
{
	struct ifreq request = { 0 };
	/* Any family works here. AF_UNIX is permitted even if the network families are not. */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return errors_report(error, -errno, "cannot open a socket");
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = errors_report(error, -errno, "cannot read the type of %s", name);
	close(fd);
	if (err)
		return err;
	if (request.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	    request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return 0;
	errors_report(error, 0,
		      "%s has no Ethernet header (link type %d): name the Ethernet device "
		      "below it instead",
		      name, request.ifr_hwaddr.sa_family);
	return -EOPNOTSUPP;
}

/* A detach may have unpinned the maps since they were opened. */
static int pin_maps(const struct interface *interface, const char *dir)
{
	char path[PATH_MAX];
	int err;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	err = pins_path(path, dir, PIN_COUNTERS, NULL);
	if (err)
		return err;
	err = pins_pin(bpf_map__fd(interface->skeleton->maps.counters), path);
	if (err)
		return err;
	err = pins_path(path, dir, PIN_STATE, NULL);
	if (err)
		return err;
	return pins_pin(bpf_map__fd(interface->skeleton->maps.interface_state), path);
}

/* @is_known: an earlier daemon's programs are attached to this device, so their findings about
 * its driver are still valid. */
static int attach_tc(struct interface *interface, int ifindex, bool is_known,
		     char error[DATAPATH_ERROR_BYTES])
{
	int map = bpf_map__fd(interface->skeleton->maps.interface_state);
	struct ipwl_interface_state state = { 0 };
	int was_attached = tc_is_attached(ifindex);
	bool qdisc_created;
	uint32_t zero = 0;
	int err;

	if (was_attached < 0)
		return errors_report(error, was_attached, "cannot look for a tc filter");
	err = tc_attach(ifindex, bpf_program__fd(interface->skeleton->progs.ipwl_tc),
			&qdisc_created, error);
	if (err)
		return err;
	read_state(interface, &state);
	if (!was_attached)
		state.qdisc_created = 0;
	if (qdisc_created)
		state.qdisc_created = 1;
	if (!is_known)
		state.metadata_missing = 0;
	if (bpf_map_update_elem(map, &zero, &state, BPF_ANY))
		return errors_report(error, -errno, "cannot write the interface's state");
	return 0;
}

static int xdp_program(const struct interface *interface, enum attach_mode mode)
{
	return bpf_program__fd(mode == ATTACH_GENERIC ? interface->skeleton->progs.ipwl_generic
						      : interface->skeleton->progs.ipwl_xdp);
}

static int update_link(const struct interface *interface, int link)
{
	enum attach_mode mode;
	int err = xdp_device_mode(interface->ifindex, &mode);

	if (err)
		return err;
	return bpf_link_update(link, xdp_program(interface, mode), NULL) ? -errno : 0;
}

/* Replace the program of a link that is attached to this device in a permitted mode. */
static int take_over(struct interface *interface, int ifindex, int link,
		     char error[DATAPATH_ERROR_BYTES])
{
	int err;

	interface->ifindex = ifindex;
	err = update_link(interface, link);
	if (err) {
		if (link != interface->link)
			close(link);
		return errors_report(error, err, "cannot replace the program on %s",
				     interface->name);
	}
	if (link != interface->link && interface->link >= 0)
		close(interface->link);
	interface->link = link;
	return 0;
}

static int create_link(struct interface *interface, int ifindex, enum attach_mode mode,
		       const char *pin, char error[DATAPATH_ERROR_BYTES])
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = mode == ATTACH_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int program = xdp_program(interface, mode);
	int link = bpf_link_create(program, ifindex, BPF_XDP, &options);
	int err;

	if (link < 0) {
		err = -errno;
		obstacle_explain(ifindex, interface->name, mode, err);
		return errors_report_words(error, err, "%s XDP on %s", attach_mode_names[mode],
					   interface->name);
	}
	err = pins_pin(link, pin);
	if (err) {
		close(link);
		return errors_report(error, err, "cannot pin the link of %s", interface->name);
	}
	interface->link = link;
	interface->ifindex = ifindex;
	return 0;
}

/* Return 1 if a link is attached to this device in a permitted mode, else 0; -errno if the
 * kernel gave no answer. */
static int is_usable(int link, int ifindex, bool try_native, bool try_generic)
{
	enum attach_mode mode = ATTACH_NONE;
	int on = xdp_link_ifindex(link);
	int err = on == ifindex ? xdp_device_mode(ifindex, &mode) : 0;

	if (on < 0 || err)
		return on < 0 ? on : err;
	return (mode == ATTACH_NATIVE && try_native) || (mode == ATTACH_GENERIC && try_generic);
}

/* The link that this daemon or an earlier one has pinned, if it is usable. -ENOENT: there is
 * none, or it was unusable and is now removed. Another -errno: its state is unknown, so it is
 * left as it is. */
static int usable_link(const struct interface *interface, const char *dir, const char *pin,
		       int ifindex, bool try_native, bool try_generic)
{
	int link = interface->link >= 0 ? interface->link : bpf_obj_get(pin);
	int usable;

	if (link < 0)
		return -errno;
	usable = is_usable(link, ifindex, try_native, try_generic);
	if (usable > 0)
		return link;
	if (usable == 0) {
		/* It is in another mode, or it belongs to a device that is gone or was renamed. */
		if (xdp_link_ifindex(link) > 0 && xdp_link_ifindex(link) != ifindex)
			tc_detach(xdp_link_ifindex(link), pinned_state(dir).qdisc_created);
		bpf_link_detach(link);
		unlink(pin);
	}
	if (link != interface->link)
		close(link);
	return usable < 0 ? usable : -ENOENT;
}

static int attach_xdp(struct interface *interface, int ifindex, bool try_native, bool try_generic,
		      const char *pin, char error[DATAPATH_ERROR_BYTES])
{
	char native_error[DATAPATH_ERROR_BYTES] = "";
	int err = -EINVAL;

	if (interface->link >= 0)
		close(interface->link);
	interface->link = -1;
	if (try_native) {
		err = create_link(interface, ifindex, ATTACH_NATIVE, pin, error);
		if (!err || err == -EBUSY || !try_generic)
			return err;
		memcpy(native_error, error, sizeof(native_error));
	}
	err = create_link(interface, ifindex, ATTACH_GENERIC, pin, error);
	if (err && *native_error) {
		char generic_error[DATAPATH_ERROR_BYTES];

		memcpy(generic_error, error, sizeof(generic_error));
		errors_report(error, 0, "%.250s; %.250s", native_error, generic_error);
	}
	return err;
}

/* Find the paths of the interface's pins, and pin its maps there. */
static int prepare_pins(const struct interface *interface, char dir[PATH_MAX], char pin[PATH_MAX])
{
	int err = pins_interface_dir(interface->datapath->bpffs_dir, interface->name, dir);

	if (err)
		return err;
	err = pins_path(pin, dir, PIN_LINK, NULL);
	return err ? err : pin_maps(interface, dir);
}

int interface_attach(struct interface *interface, int ifindex, bool try_native, bool try_generic,
		     char error[DATAPATH_ERROR_BYTES])
{
	char dir[PATH_MAX], pin[PATH_MAX], tc_error[DATAPATH_ERROR_BYTES] = "";
	bool is_taken;
	int err, link;

	error[0] = '\0';
	err = check_device(interface->name, error);
	if (err)
		return err;
	err = prepare_pins(interface, dir, pin);
	if (err)
		return errors_report(error, err, "cannot pin the maps of %s", interface->name);
	/* Two devices may have exchanged their names while no daemon ran. Each one stays
	 * protected. */
	if (interface->link < 0)
		pinned_take_from_other(interface->datapath->bpffs_dir, dir, ifindex);
	link = usable_link(interface, dir, pin, ifindex, try_native, try_generic);
	if (link < 0 && link != -ENOENT)
		return errors_report(error, link, "cannot tell what is attached to %s",
				     interface->name);
	is_taken = link < 0 && xdp_device_is_taken(ifindex);
	/* Attach tc before XDP, so that the first packet with metadata finds its reader. But if
	 * another program, like that of another ipwld, holds the device, do not replace its tc
	 * filter. */
	if (!is_taken)
		attach_tc(interface, ifindex, link >= 0, tc_error);
	if (link >= 0)
		err = take_over(interface, ifindex, link, error);
	else
		err = attach_xdp(interface, ifindex, try_native, try_generic, pin, error);
	if (err)
		return err;
	if (is_taken)
		attach_tc(interface, ifindex, false, tc_error);
	memcpy(error, tc_error, sizeof(tc_error));
	return 0;
}

/* ---- detach -------------------------------------------------------------- */

int interface_detach(struct interface *interface, char error[DATAPATH_ERROR_BYTES])
{
	char dir[PATH_MAX];
	int err = pins_interface_dir(interface->datapath->bpffs_dir, interface->name, dir);

	if (err)
		errors_report(error, err, "%s", interface->name);
	else
		err = pinned_detach(dir, interface->name, error);
	if (interface->link >= 0)
		close(interface->link);
	interface->link = -1;
	interface->ifindex = 0;
	return err;
}
