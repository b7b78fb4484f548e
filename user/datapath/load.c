// SPDX-License-Identifier: GPL-2.0-or-later
/* Loading the skeleton, with what this kernel has, into maps that may be pinned
 * already. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/* Links of XDP programs (5.9) and inner arrays of map-in-map as used here. */
#define KERNEL_MIN_MAJOR 5
#define KERNEL_MIN_MINOR 10

static int check_kernel(char error[DATAPATH_ERROR_BYTES])
{
	struct utsname name;
	unsigned long major, minor = 0;
	char *rest;

	if (uname(&name))
		return -errno;
	/* "6.1.0-18-amd64" */
	major = strtoul(name.release, &rest, 10);
	if (*rest == '.')
		minor = strtoul(rest + 1, NULL, 10);
	if (major > KERNEL_MIN_MAJOR || (major == KERNEL_MIN_MAJOR && minor >= KERNEL_MIN_MINOR))
		return 0;
	errors_report(error, 0, "ipwl needs Linux %d.%d or newer; this is %s", KERNEL_MIN_MAJOR,
		      KERNEL_MIN_MINOR, name.release);
	return -EOPNOTSUPP;
}

static bool is_of_interface(const struct ipwl_bpf *skeleton, const struct bpf_map *map)
{
	return map == skeleton->maps.counters || map == skeleton->maps.interface_state;
}

/* Where a map is pinned. libbpf reuses what it finds there. */
static int set_pin_paths(struct ipwl_bpf *skeleton, const char *bpffs_dir,
			 const char *interface_dir)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (bpf_map__is_internal(map))
			continue;
		if (!is_of_interface(skeleton, map))
			err = pins_path(path, bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));
		else if (!interface_dir)
			continue;
		else
			err = pins_path(path, interface_dir,
					map == skeleton->maps.counters ? PIN_COUNTERS : PIN_STATE,
					NULL);
		if (!err)
			err = bpf_map__set_pin_path(map, path);
		if (err)
			return err;
	}
	return 0;
}

/* Both came with Linux 5.18: frames of several buffers (jumbo MTUs), and the helper
 * that tells their whole length. Not for ipwl_generic, which says why. */
static void use_frags(struct ipwl_bpf *skeleton)
{
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) != 1)
		return;
	skeleton->rodata->has_xdp_frags = 1;
	bpf_program__set_flags(skeleton->progs.ipwl_xdp, BPF_F_XDP_HAS_FRAGS);
}

/*
 * libbpf tries a program that is refused again and again, each time with twice the room
 * for the verifier's log, which takes seconds of the daemon's loop; with a buffer that
 * is given it tries once more. Nobody reads it.
 */
static void limit_log(struct ipwl_bpf *skeleton)
{
	static char log[64 * 1024];
	struct bpf_program *program;

	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_log_buf(program, log, sizeof(log));
	}
}

int load_open(struct ipwl_bpf **ret_skeleton)
{
	struct ipwl_bpf *skeleton = ipwl_bpf__open();

	if (!skeleton)
		return -errno;
	use_frags(skeleton);
	limit_log(skeleton);
	*ret_skeleton = skeleton;
	return 0;
}

int load_skeleton(const char *bpffs_dir, const char *interface_dir, uint32_t meta_owner,
		  struct ipwl_bpf **ret_skeleton, char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	int err;

	errors_capture();
	errors_clear();
	err = check_kernel(error);
	if (err)
		return err;
	err = load_open(&skeleton);
	if (err)
		return errors_report(error, err, "cannot open the BPF object");
	skeleton->rodata->meta_owner = meta_owner;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_autoload(program, interface_dir != NULL);
	}
	errors_clear();
	err = set_pin_paths(skeleton, bpffs_dir, interface_dir);
	if (!err)
		err = ipwl_bpf__load(skeleton);
	if (err) {
		ipwl_bpf__destroy(skeleton);
		return errors_report(error, err, "the kernel does not take ipwl's %s",
				     interface_dir ? "programs" : "maps");
	}
	*ret_skeleton = skeleton;
	return 0;
}

const char *datapath_libbpf_version(void)
{
	static char version[16];

	/* Without the "v" that libbpf writes. */
	snprintf(version, sizeof(version), "%u.%u", libbpf_major_version(), libbpf_minor_version());
	return version;
}
