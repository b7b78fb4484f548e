/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the data path. Only they and tests include this header. */
#ifndef DATAPATH_INTERNAL_H
#define DATAPATH_INTERNAL_H

#include <limits.h>
#include <pthread.h>

#include "compile/averted.h"
#include "compile/index.h"
#include "compile/table.h"
#include "datapath/datapath.h"
#include "datapath/flood.h"
#include "datapath/limits.h"
#include "ipwl_event.h"

/* Names below bpffs_dir: a directory of shared maps, named after the version of their layout,
 * and one directory for each interface. */
#define PIN_MAPS_DIR "v6"
#define PIN_INTERFACES_DIR "interfaces"
#define PIN_LINK "link"
/* The link of the program that counts sessions. */
#define PIN_SESSIONS_LINK "sessions"
#define PIN_COUNTERS "counters"
#define PIN_STATE "state"
_Static_assert(IPWL_ABI_VERSION == 6, "PIN_MAPS_DIR names the version");

struct bpf_map;
struct bpf_object_skeleton;
struct ipwl_bpf; /* the skeleton */

struct datapath {
	char *bpffs_dir;
	const char *owner;
	int claim;			/* on bpffs_dir; -1: none */
	struct ipwl_bpf *shared;	/* the maps, and programs that user space runs */
	struct ipwl_settings *settings; /* mapped */
	struct ipwl_pending *pendings;	/* mapped; one for each possible CPU */
	uint32_t cpu_count;		/* of these */
	struct ipwl_attempt_settings *attempt_settings; /* mapped */
	struct ipwl_limit_settings *limit_settings;	/* mapped */
	struct ipwl_flood *flood;			/* mapped */
	pthread_mutex_t settling;			/* only one thread settles counters */
	/* Guards the file descriptors below. The writer replaces them while other threads read
	 * counters and decisions. */
	pthread_mutex_t lock;
	int tables[FAMILY_COUNT][IPWL_TABLE_SLOTS]; /* -1: none */
	int chunks[IPWL_CHUNKS_MAX];		    /* -1: none */
	int regions[IPWL_REGION_SLOTS];		    /* -1: none */
	bool is_region_entered[IPWL_REGION_SLOTS];  /* the slot may hold one */
	struct index_space space;		    /* the regions that are mapped */
	struct ipwl_roots *roots[IPWL_ROOT_COUNT];  /* mapped, or NULL: not needed yet */
	struct averted_classes averted;		    /* mapped, with all other classes */
	struct ipwl_lane *lanes;		    /* mapped; IPWL_LANES_MAX */
	struct ipwl_lane_counters *lane_counters;   /* mapped; by slot */
	struct ipwl_reject *rejects;		    /* mapped; by slot */
	uint32_t *filter;			    /* the filter in force, mapped; NULL: none */
	bool is_filter_entered[IPWL_GENERATIONS];   /* there may be one */
	uint32_t rebuilt_units;			    /* units of the index when it was built */
	/* By group of ports: the content of the tables in force, if known. */
	struct tables in_force[IPWL_PORT_GROUPS];
	uint32_t first_fresh_rule;
	bool is_known; /* this process built the generation in force, and it is intact */
	/* The content of the map `lists`. */
	struct ipwl_list lists[IPWL_LISTS_MAX];
	bool is_slot_new[IPWL_LISTS_MAX]; /* taken for a policy that is not in force */
};

struct interface {
	struct datapath *datapath;
	char *name;
	struct ipwl_bpf *skeleton; /* programs with this interface's maps */
	int link;		   /* -1: not attached by this process */
	int ifindex;
	enum attach_mode mode; /* the kernel's last answer */
	enum marking marking;
};

/* ---- errors.c ----------------------------------------------------------- */

/* Route libbpf's messages to the buffer of the calling thread. */
void errors_capture(void);
/* Forget the messages that the calling thread has captured. Call this right before the call
 * that errors_report_words() reports on. Otherwise the report may quote an earlier call. */
void errors_clear(void);
/* Replace the captured message. */
void errors_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Write "TEXT: strerror(-err)" to @error, or only the text if @err is 0. Returns @err. */
int errors_report(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, followed by the captured message in brackets. */
int errors_report_words(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- pins.c ------------------------------------------------------------- */

/* Join the parts with slashes into @path. @name may be NULL. Return: 0 or -ENAMETOOLONG. */
int pins_path(char path[PATH_MAX], const char *dir, const char *subdir, const char *name);
/* Create bpffs_dir, which must be on a BPF file system. Mount one at /sys/fs/bpf if needed. */
int pins_make_root(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
/* Create the subdirectories of bpffs_dir. */
int pins_make_subdirs(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
/* Write the path of an interface's directory. "." and "%" are escaped because bpffs allows no
 * dot in a name. */
int pins_interface_dir(const char *bpffs_dir, const char *name, char path[PATH_MAX]);
/* Read the interface's name from the last part of such a path. Return false if it is not a name
 * that pins_interface_dir() writes. */
bool pins_interface_name(const char *file_name, char *name, size_t size);
/* Pin @fd unless something is pinned there. */
int pins_pin(int fd, const char *path);
/* The same, but a missing directory is no error: after datapath_detach(), datapath_pin() pins
 * everything again. */
int pins_pin_unless_detached(int fd, const char *path);
/* Remove a directory and the files in it. A missing directory is fine. */
void pins_remove_dir(const char *path);
/* Remove the shared maps of all layout versions except @keep. NULL: remove all. */
void pins_remove_layouts(const char *bpffs_dir, const char *keep);

/* ---- values.c --------------------------------------------------------------- */

/* Map the values of a mappable array. Return: NULL on failure, with errno. */
void *values_map(const struct bpf_map *map, size_t bytes);
/* NULL is fine. */
void values_unmap(void *values, size_t bytes);

/* ---- inner.c -------------------------------------------------------------- */

/* Enter the map @fds[i] at @slots[i] of a map of maps. On failure, some may have been entered.
 * Return: 0 or -errno. */
int inner_enter(int outer, const uint32_t *slots, const int *fds, uint32_t count);

/* ---- load.c ------------------------------------------------------------- */

/* Open the skeleton and fit its programs to this kernel. */
int load_open(struct ipwl_bpf **ret_skeleton);
/* Load the skeleton. If the kernel rejects a program, the end of the verifier's log is logged
 * as warnings, and the rest at debug level. @what names the part that is loaded, for @error. */
int load_into_kernel(struct bpf_object_skeleton *skeleton, const char *what,
		     char error[DATAPATH_ERROR_BYTES]);
/* Open and load the skeleton. It uses the maps that are pinned and pins the others. If
 * @interface_dir is NULL, only the shared maps are created and the programs that user space runs
 * are loaded.
 * @meta_owner marks the metadata that these programs write and trust. */
int load_skeleton(const char *bpffs_dir, const char *interface_dir, uint32_t meta_owner,
		  struct ipwl_bpf **ret_skeleton, char error[DATAPATH_ERROR_BYTES]);
/* Use a pinned map of the skeleton, which is not loaded yet. Return: 0; -ENOENT: it is not
 * pinned; another -errno. */
int load_share_map(struct bpf_map *map, const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
/* Load the programs that user space runs with the shared maps, all of which must be pinned. Nothing
 * is pinned. Return: as load_share_map(). */
int load_pinned(const char *bpffs_dir, struct ipwl_bpf **ret_skeleton,
		char error[DATAPATH_ERROR_BYTES]);

/* ---- cgroup.c ----------------------------------------------------------- */

/* Open a directory of cgroup v2; NULL: its root, as far as this process sees it. @ret_path: the
 * directory, also on failure; "" if there is none. Return: a descriptor or -errno. */
int cgroup_open(const char *cgroup, char ret_path[PATH_MAX], char error[DATAPATH_ERROR_BYTES]);
/* As the kernel tells it of a link; 0: unknown. */
uint64_t cgroup_id(int fd);
/* Whether net_cls or net_prio of cgroup v1 is mounted, and may keep sockets from cgroup v2. */
bool cgroup_v1_classifies(void);

/* ---- ports.c -------------------------------------------------------------- */

/* The groups of the mail ports of a policy. */
struct port_groups {
	size_t count;			   /* at least 1 */
	uint16_t firsts[IPWL_PORT_GROUPS]; /* a port of each; 0: there is no port */
	uint64_t bits[IPWL_PORT_GROUP_BITS][IPWL_PORT_WORDS]; /* as in struct ipwl_settings */
};

/* Group the ports of a change. Return: 0; -ENOSPC: there are too many groups; -ENOMEM. */
int ports_group(const struct datapath_change *change, struct port_groups *ret_groups,
		char error[DATAPATH_ERROR_BYTES]);
/* Whether the generation in force has these groups. */
bool ports_are_in_force(const struct datapath *datapath, const struct port_groups *groups);
/* Write the groups of a generation that is not in force. */
void ports_write(struct datapath *datapath, uint32_t generation, const struct port_groups *groups);
/* The group of a port in the generation in force. */
uint32_t ports_group_of(const struct datapath *datapath, uint16_t port);

/* ---- table_maps.c: the LPM tries -------------------------------------------- */

/* Write the path at which a table is pinned. */
int table_maps_pin_path(const struct datapath *datapath, enum family family, uint32_t slot,
			char path[PATH_MAX]);
/* Open all pinned tables that exist. */
void table_maps_open_pinned(struct datapath *datapath);
/* The table's fd, or -1. */
int table_map_of(const struct datapath *datapath, uint32_t generation, uint32_t group,
		 enum action action, enum family family);
int table_map_lookup(int table, const struct prefix *address, struct ipwl_match *ret_match);
/* Create, fill, pin and enter a table of a generation that is not in force. A table that is
 * half done after a failure is released by table_maps_drop(). */
int table_map_build(struct datapath *datapath, uint32_t generation, uint32_t group,
		    enum action action, enum family family, const struct table *table);
/* Release the tables of a generation that is not in force. @content: their content by group, as
 * far as it is known. */
void table_maps_drop(struct datapath *datapath, uint32_t generation,
		     const struct tables content[IPWL_PORT_GROUPS]);

/* ---- tables.c ---------------------------------------------------------------- */

/* Make the tries decide by @policy. */
int tables_apply(struct datapath *datapath, const struct policy *policy,
		 const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES]);

/* ---- roots.c, index.c, regions.c ------------------------------------------- */

/* Map a root, with the lock held. Return: 0 or -errno. */
int root_map_locked(struct datapath *datapath, uint32_t number);
/* Map those of a generation, without the lock. Return: 0 or -errno. */
int roots_map(struct datapath *datapath, uint32_t generation, uint32_t group_count);
void roots_unmap(struct datapath *datapath);

/* Make the index decide by @change->policy. The index is changed in place or built as a new
 * generation. Return: 0; -ENOSPC: the policy is too large for an index; another -errno. */
int index_apply(struct datapath *datapath, const struct datapath_change *change,
		const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES]);
int regions_pin_path(const struct datapath *datapath, uint32_t region, char path[PATH_MAX]);
void regions_open_pinned(struct datapath *datapath);
/* The add_region() of the index space: create, map and pin a region. */
int regions_add(struct index_space *space);
/* Map the region of a slot, if it exists, with the lock held. Return: 0 or -errno. */
int regions_find(struct index_space *space, uint32_t slot);
/* Map the regions that what is written next goes to. Return: 0 or -errno. */
int regions_map(struct datapath *datapath);
/* Unmap all regions; if @is_filling, but for these. */
void regions_unmap(struct datapath *datapath, bool is_filling);
/* The regions that existed at one moment. */
struct regions_mark {
	bool is_there[IPWL_REGION_SLOTS];
};
struct regions_mark regions_mark(const struct datapath *datapath);
/* Enter the regions that were added after @mark, so that packets find them. Return: 0 or
 * -errno. */
int regions_enter(struct datapath *datapath, const struct regions_mark *mark);
/* Release the regions of @mark if @were_there, else those that were added after it. */
void regions_drop(struct datapath *datapath, const struct regions_mark *mark, bool were_there);

/* ---- filter.c -------------------------------------------------------------- */

/* Create and map a filter of zeros. Return: 0 or -errno. */
int filter_new(uint32_t **ret_filter, int *ret_fd);
/* NULL is fine. */
void filter_unmap(uint32_t *filter);
/* Enter the filter of a generation that is not in force. @fd -1: it has no filter. */
int filter_enter(struct datapath *datapath, uint32_t generation, int fd);
/* Change the bits of a root slot in the filter, if there is one. Call this with @is_before set
 * before the root word is stored, and without it afterwards. */
void filter_publish(const struct datapath *datapath, const uint32_t *changed, uint32_t slot,
		    bool is_before);

/* ---- generation.c --------------------------------------------------------- */

/* A generation that is built but not yet in force. */
struct generation {
	bool is_indexed;
	bool has_groups;			/* more than one */
	struct tables tables[IPWL_PORT_GROUPS]; /* content of its tries; empty with an index */
	uint32_t *filter;			/* filter of its index, mapped; NULL: none */
};

/* The state before a new generation is built. */
struct generation_before {
	uint32_t next; /* the number of the new one */
	struct index_position position;
	struct regions_mark regions;
};

/* Make room for a new generation. */
struct generation_before generation_begin(struct datapath *datapath);
/* Put @next in force by one store, and release the generation before it. The datapath takes
 * over @next->tables and @next->filter. */
void generation_finish(struct datapath *datapath, const struct generation_before *before,
		       const struct generation *next);
/* The number of the generation in force. */
uint32_t generation_in_force(const struct datapath *datapath);
/* Whether the generation in force has an index. */
bool generation_is_indexed(const struct datapath *datapath);
/* Wait until no packet is in progress that may have seen the maps as they were at the call. */
void generation_wait_for_packets(const struct datapath *datapath);

/* ---- chunks.c -------------------------------------------------------------- */

void chunks_open_pinned(struct datapath *datapath);
int chunks_pin_path(const struct datapath *datapath, uint32_t chunk, char path[PATH_MAX]);
/* Create the chunks that @rules need, and zero the counters of these rules. */
int chunks_prepare(struct datapath *datapath, const uint32_t *rules, size_t count,
		   char error[DATAPATH_ERROR_BYTES]);
size_t chunks_count_rules(const struct policy *policy);
/* Choose whether packets are counted in batches or directly. */
void chunks_choose_batches(struct datapath *datapath, const struct policy *policy);
/* Release the chunks that hold no rule of @policy. */
void chunks_trim(struct datapath *datapath, const struct policy *policy);

/* ---- classes.c ------------------------------------------------------------- */

/* Map the classes. Return: 0 or -errno. */
int classes_open(struct datapath *datapath);
void classes_close(struct datapath *datapath);
/* Write the two classes of a slot that is not yet in use. */
void classes_write(struct datapath *datapath, uint32_t slot, enum ipwl_action action);
/* Choose how SYNs are answered that the list of a slot drops. */
void classes_set_answer(struct datapath *datapath, uint32_t slot, enum ipwl_answer answer);
/* Free all other classes of a slot that is no longer in use, and zero their counters. */
void classes_forget(struct datapath *datapath, uint16_t slot);
/* Log a warning if there were too few classes. */
void classes_report_full(struct datapath *datapath);

/* ---- lane_maps.c --------------------------------------------------------------- */

/* Map the lanes and their counters. Return: 0 or -errno. */
int lane_maps_open(struct datapath *datapath);
void lane_maps_close(struct datapath *datapath);
/* The number of the list's lane, 0: it has none. A lane that is new or differs is written first,
 * beside the one in force. It is on if its listener is fit now. */
uint32_t lane_maps_prepare(struct datapath *datapath, const struct list *list);
/* Zero the counters of a slot that is not yet in use. */
void lane_maps_zero(struct datapath *datapath, uint32_t slot);

/* ---- listener.c ------------------------------------------------------------- */

/* Look at the listener that would accept connections to @end. */
void listener_look(const struct lane_end *end, struct lane_look *ret_look);

/* ---- counters.c ------------------------------------------------------------ */

/* Zero a value of a per-CPU map. Return: 0 or -errno. */
int counters_zero(int map, uint32_t key);
/* Read @count values of a per-CPU map, beginning with key @first. Each is summed over the CPUs.
 * Return: 0 or -errno. */
int counters_read(int map, uint32_t first, uint32_t count, struct ipwl_traffic *ret_traffic);

/* ---- settle.c -------------------------------------------------------------- */

/* Map the pending packets. Return: 0 or -errno. */
int settle_open(struct datapath *datapath);
void settle_close(struct datapath *datapath);
/* Whether this kernel may interrupt a packet by another one on the same CPU (PREEMPT_RT), so
 * that packets must be counted directly. */
bool settle_is_direct(void);

/* ---- attempts.c ------------------------------------------------------------ */

/* Map the value of `attempt_settings`, and seed it if it is new. Return: 0 or -errno. */
int attempts_open(int map, struct ipwl_attempt_settings **ret_settings);
/* NULL is fine. */
void attempts_close(struct ipwl_attempt_settings *settings);
void attempts_set_limits(struct datapath *datapath, const struct event_limits *limits);

/* ---- limits.c --------------------------------------------------------------- */

/* Map the limits and their cells. Return: 0 or -errno. */
int limits_open(struct datapath *datapath);
void limits_close(struct datapath *datapath);
/* Write the limits without their mode. If one changes, all sources start anew. */
void limits_write(struct datapath *datapath, const struct limits *limits);
void limits_set_mode(struct datapath *datapath, enum ipwl_limit_mode mode);
/* The number of the cell of an address, or of its network, in a row. */
uint32_t limits_cell(const struct datapath *datapath, enum ipwl_limit limit, uint32_t row,
		     const struct prefix *address);
void limits_read(const struct ipwl_settings *settings, const struct ipwl_limit_settings *from,
		 struct limits *ret_limits);

/* ---- flood.c ---------------------------------------------------------------- */

/* Map the state of the shield. Return: 0 or -errno. */
int flood_open(struct datapath *datapath);
void flood_close(struct datapath *datapath);
void flood_apply(struct datapath *datapath, const struct flood *flood);

/* ---- tc.c --------------------------------------------------------------- */

/* Attach the program to the device's ingress. It replaces an earlier one of ours. */
int tc_attach(int ifindex, int program, bool *ret_qdisc_created, char error[DATAPATH_ERROR_BYTES]);
/* Detach our filter. Also remove the qdisc if @removes_qdisc and it has no other filter. */
int tc_detach(int ifindex, bool removes_qdisc);
/* Return 1 if our filter is attached, 0 if not, or -errno if that is not known. */
int tc_is_attached(int ifindex);

/* ---- xdp.c ---------------------------------------------------------------- */

/* Return the index of the device that a link is attached to; 0 if it is attached to none, or to
 * one in another namespace; -errno if the kernel does not answer. */
int xdp_link_ifindex(int link);
/* Tell in which mode an XDP program is attached to the device, ours or another one. */
int xdp_device_mode(int ifindex, enum attach_mode *ret_mode);
/* Whether an XDP program, ours or another one, is certainly attached to the device. */
bool xdp_device_is_taken(int ifindex);
/* Whether the device's ingress has tcx programs (Linux 6.6), which run before tc filters. */
bool xdp_device_has_tcx(int ifindex);

/* ---- obstacle.c ----------------------------------------------------------- */

/* Explain, with errors_explain(), what may prevent an XDP program that the kernel rejected with
 * @err. */
void obstacle_explain(int ifindex, const char *name, enum attach_mode mode, int err);

/* ---- pinned.c ------------------------------------------------------------- */

/* The state that is pinned in an interface's directory; all zero if there is none. */
struct ipwl_interface_state pinned_state(const char *dir);
/* Detach and unpin everything that is pinned in an interface's directory. */
int pinned_detach(const char *dir, const char *name, char error[DATAPATH_ERROR_BYTES]);
/* If names of devices have changed, the link of a device may be pinned in another interface's
 * directory. Exchange it for the link that is pinned in @dir. */
void pinned_take_from_other(const char *bpffs_dir, const char *dir, int ifindex);

#endif
