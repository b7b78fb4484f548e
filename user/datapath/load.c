// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the skeleton, fitted to this kernel. Its maps may be pinned already. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

/* Find a kernel feature that ipwl needs and whose absence no kernel message would explain. The
 * features are probed. A version number would say little because distributions backport many. */
static const char *find_missing(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", sizeof(uint32_t), sizeof(uint64_t), 1,
				&options);

	if (fd < 0 && errno == EINVAL)
		return "arrays that user space can map (Linux 5.5)";
	if (fd >= 0)
		close(fd);
	/* A kernel with such links objects to the program instead: -EBADF. */
	if (bpf_link_create(-1, 1, BPF_XDP, NULL) < 0 && errno == EINVAL)
		return "links of XDP programs (Linux 5.9)";
	return NULL;
}

static int check_kernel(char error[DATAPATH_ERROR_BYTES])
{
	const char *missing = find_missing();
	struct utsname name;

	if (!missing)
		return 0;
	if (uname(&name))
		return errors_report(error, -errno, "cannot read the kernel version");
	errors_report(error, 0, "ipwl needs a kernel with %s; this kernel is Linux %s", missing,
		      name.release);
	return -EOPNOTSUPP;
}

static bool is_of_interface(const struct ipwl_bpf *skeleton, const struct bpf_map *map)
{
	return map == skeleton->maps.counters || map == skeleton->maps.interface_state;
}

/* Set the path at which each map is pinned. libbpf reuses a map that it finds there. */
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

static bool has_helper(enum bpf_func_id helper)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, helper, NULL) == 1;
}

/* Frames in several buffers (jumbo MTUs), and the helper that returns their whole length. Both
 * came with Linux 5.18. ipwl_generic does not use them; see there for the reason. */
static void use_frags(struct ipwl_bpf *skeleton)
{
	if (!has_helper(BPF_FUNC_xdp_get_buff_len))
		return;
	skeleton->rodata->has_xdp_frags = 1;
	bpf_program__set_flags(skeleton->progs.ipwl_xdp, BPF_F_XDP_HAS_FRAGS);
}

/* What makes the shield against floods faster, and its answers better. */
static void use_cookies(struct ipwl_bpf *skeleton)
{
	skeleton->rodata->has_raw_cookies = has_helper(BPF_FUNC_tcp_raw_gen_syncookie_ipv4) &&
					    has_helper(BPF_FUNC_tcp_raw_gen_syncookie_ipv6);
	skeleton->rodata->has_check_mtu = has_helper(BPF_FUNC_check_mtu);
}

/* One element for each CPU that may come online. */
static int use_cpus(struct ipwl_bpf *skeleton)
{
	int cpu_count = libbpf_num_possible_cpus();

	return cpu_count < 0
		   ? cpu_count
		   : bpf_map__set_max_entries(skeleton->maps.pendings, (uint32_t)cpu_count);
}

int load_open(struct ipwl_bpf **ret_skeleton)
{
	struct ipwl_bpf *skeleton = ipwl_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	use_frags(skeleton);
	use_cookies(skeleton);
	skeleton->rodata->counts_directly = settle_is_direct();
	err = use_cpus(skeleton);
	if (err) {
		ipwl_bpf__destroy(skeleton);
		return err;
	}
	*ret_skeleton = skeleton;
	return 0;
}

/* ---- the verifier's log --------------------------------------------------- */

/* The largest size that every kernel accepts. Pages that are never written cost nothing. Before
 * Linux 6.4, a longer log lacks its end. */
#define VERIFIER_LOG_BYTES ((1U << 24) - 4096)
#define VERIFIER_LINES 20

static const char *tail_of(const char *log, int lines)
{
	const char *tail = log + strlen(log);

	if (tail > log)
		tail--; /* the newline of the last line */
	while (tail > log && (tail[-1] != '\n' || --lines > 0))
		tail--;
	return tail;
}

/* Attaching to an interface is retried often. The same log is logged only once. */
static bool is_verifier_log_new(const char *log)
{
	static _Atomic uint64_t last;
	uint64_t hash = 14695981039346656037U; /* FNV-1a */

	for (const char *c = log; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211U;
	return atomic_exchange(&last, hash) != hash;
}

/* Cuts the log into lines. */
static void log_verifier(char *log)
{
	const char *tail = tail_of(log, VERIFIER_LINES);
	char *rest = log;
	char *line;

	if (!*log || !is_verifier_log_new(log))
		return;
	while ((line = strsep(&rest, "\n"))) {
		if (line < tail)
			log_debug("verifier", "%s", line);
		else if (*line)
			log_warning("verifier", "%s", line);
	}
}

static void set_log(const struct bpf_object *object, char *log, size_t bytes)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_log_buf(program, log, bytes);
	}
}

/*
 * libbpf loads a rejected program again and again, each time with a log buffer of twice the
 * size. That takes seconds of the daemon's loop. If the caller provides a buffer, libbpf
 * retries only once.
 */
int load_into_kernel(struct bpf_object_skeleton *skeleton, const char *what,
		     char error[DATAPATH_ERROR_BYTES])
{
	char *log = calloc(1, VERIFIER_LOG_BYTES);
	int err;

	if (!log)
		return errors_report(error, -ENOMEM, "cannot load ipwl's %s", what);
	set_log(*skeleton->obj, log, VERIFIER_LOG_BYTES);
	errors_clear();
	err = bpf_object__load_skeleton(skeleton);
	set_log(*skeleton->obj, NULL, 0);
	if (err) {
		log_verifier(log);
		errors_report_words(error, err, "the kernel rejected ipwl's %s", what);
	}
	free(log);
	return err;
}

/* Whether user space runs the program, so that it is loaded once and not for each interface. */
static bool is_shared(const struct ipwl_bpf *skeleton, const struct bpf_program *program)
{
	return program == skeleton->progs.ipwl_settle ||
	       program == skeleton->progs.ipwl_probe_cookies;
}

/* ---- load ----------------------------------------------------------------- */

int load_skeleton(const char *bpffs_dir, const char *interface_dir, uint32_t meta_owner,
		  struct ipwl_bpf **ret_skeleton, char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	int err;

	errors_capture();
	err = check_kernel(error);
	if (err)
		return err;
	errors_clear();
	err = load_open(&skeleton);
	if (err)
		return errors_report_words(error, err, "cannot open the BPF object");
	skeleton->rodata->meta_owner = meta_owner;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_autoload(program, is_shared(skeleton, program) == !interface_dir);
	}
	err = set_pin_paths(skeleton, bpffs_dir, interface_dir);
	if (err)
		errors_report(error, err, "cannot pin maps in %s", bpffs_dir);
	else
		err = load_into_kernel(skeleton->skeleton, interface_dir ? "programs" : "maps",
				       error);
	if (err) {
		ipwl_bpf__destroy(skeleton);
		return err;
	}
	*ret_skeleton = skeleton;
	return 0;
}

/* If libbpf were given the path, it would create and pin a missing map. */
int load_share_map(struct bpf_map *map, const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	char path[PATH_MAX];
	int err = pins_path(path, bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));
	int fd;

	if (err)
		return errors_report(error, err, "cannot open the maps in %s", bpffs_dir);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errors_report(error, -errno, "cannot open the map %s", path);
	errors_clear();
	err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err ? errors_report_words(error, err, "cannot use the map %s", path) : 0;
}

int load_pinned(const char *bpffs_dir, struct ipwl_bpf **ret_skeleton,
		char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	struct bpf_map *map;
	int err;

	errors_capture();
	errors_clear();
	err = load_open(&skeleton);
	if (err)
		return errors_report_words(error, err, "cannot open the BPF object");
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_autoload(program, is_shared(skeleton, program));
	}
	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (!err && !bpf_map__is_internal(map) && !is_of_interface(skeleton, map))
			err = load_share_map(map, bpffs_dir, error);
	}
	if (!err)
		err = load_into_kernel(skeleton->skeleton, "program", error);
	if (err) {
		ipwl_bpf__destroy(skeleton);
		return err;
	}
	*ret_skeleton = skeleton;
	return 0;
}

const char *datapath_libbpf_version(void)
{
	static char version[16];

	/* libbpf_version_string() would begin with a "v". */
	snprintf(version, sizeof(version), "%u.%u", libbpf_major_version(), libbpf_minor_version());
	return version;
}
