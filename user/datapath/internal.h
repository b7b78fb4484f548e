/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the data path share. Nobody else includes this, but tests. */
#ifndef DATAPATH_INTERNAL_H
#define DATAPATH_INTERNAL_H

#include <limits.h>
#include <pthread.h>

#include "compile/index.h"
#include "compile/table.h"
#include "datapath/datapath.h"

/* Below bpffs_dir: shared maps, by the version of their layout, and a directory
 * for each interface. */
#define PIN_MAPS_DIR "v3"
#define PIN_INTERFACES_DIR "interfaces"
#define PIN_LINK "link"
#define PIN_COUNTERS "counters"
#define PIN_STATE "state"
_Static_assert(IPWL_ABI_VERSION == 3, "PIN_MAPS_DIR names the version");

struct ipwl_bpf; /* the skeleton */

struct datapath {
	char *bpffs_dir;
	const char *owner;
	int claim;			/* on bpffs_dir; -1: none */
	struct ipwl_bpf *shared;	/* its maps only, no program is loaded */
	struct ipwl_settings *settings; /* mapped */
	/* Guards the file descriptors below, which the writer replaces while
	 * others read counters and decisions. */
	pthread_mutex_t lock;
	int tables[FAMILY_COUNT][IPWL_TABLE_SLOTS]; /* -1: none */
	int chunks[IPWL_CHUNKS_MAX];		    /* -1: none */
	int regions[IPWL_REGIONS_MAX];		    /* -1: none */
	struct index_space space;		    /* what is mapped of them */
	struct ipwl_roots *roots;		    /* mapped */
	uint32_t *filter;	/* mapped, of the generation in force; NULL: none */
	uint32_t rebuilt_lines; /* of the index when it was new */
	struct tables in_force; /* what the tables of the generation hold, if known */
	uint32_t first_fresh_rule;
	bool is_known; /* the generation in force was built here and not damaged */
	/* What `lists` holds, and slots that are taken but not written yet. */
	struct ipwl_list lists[IPWL_LISTS_MAX];
	bool is_slot_new[IPWL_LISTS_MAX]; /* taken for a policy that is not in force */
};

struct interface {
	struct datapath *datapath;
	char *name;
	struct ipwl_bpf *skeleton; /* programs with this interface's maps */
	int link;		   /* -1: not attached by this process */
	int ifindex;
	enum attach_mode mode; /* when the kernel was asked last, and answered */
	enum marking marking;
};

/* ---- errors.c ----------------------------------------------------------- */

/* Route libbpf's messages to the buffer of the calling thread. */
void errors_capture(void);
/* Forget what the calling thread has captured: right before the call whose words are for
 * errors_report_words(), or they would be those of an earlier one. */
void errors_clear(void);
/* Put these words in place of what was captured. */
void errors_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Write "what: strerror(-err)", without a reason if @err is 0; returns @err. */
int errors_report(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the words that were captured, in brackets. */
int errors_report_words(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- pins.c ------------------------------------------------------------- */

/* Join with slashes into @path; -ENAMETOOLONG. @name may be NULL. */
int pins_path(char path[PATH_MAX], const char *dir, const char *subdir, const char *name);
/* Make bpffs_dir on a BPF file system. */
int pins_make_root(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
/* Make its subdirectories. */
int pins_make_subdirs(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
/* The directory of an interface; bpffs allows no dot in a name. */
int pins_interface_dir(const char *bpffs_dir, const char *name, char path[PATH_MAX]);
/* Back from the last part of such a path; false: not a name made above. */
bool pins_interface_name(const char *file_name, char *name, size_t size);
/* Pin @fd unless something is pinned there. */
int pins_pin(int fd, const char *path);
/* The same, and fine if its directory is gone: after datapath_detach() it is for
 * datapath_pin() to pin all. */
int pins_pin_unless_detached(int fd, const char *path);
/* Unlink all in a directory and remove it; missing is fine. */
void pins_remove_dir(const char *path);
/* The same for the shared maps of all versions but @keep (NULL: all). */
void pins_remove_layouts(const char *bpffs_dir, const char *keep);

/* ---- inner.c -------------------------------------------------------------- */

/* Enter maps into a map of maps, @fds[i] at @slots[i]. On failure some may be entered.
 * Return: 0 or -errno. */
int inner_enter(int outer, const uint32_t *slots, const int *fds, uint32_t count);

/* ---- load.c ------------------------------------------------------------- */

/* Open the skeleton with its programs fitted to this kernel. */
int load_open(struct ipwl_bpf **ret_skeleton);
/* Load it. If the kernel refuses a program, the end of the verifier's log is logged, or
 * all of it at the level of debugging. @what: of the skeleton is loaded, for @error. */
int load_into_kernel(struct ipwl_bpf *skeleton, const char *what, char error[DATAPATH_ERROR_BYTES]);
/* Open and load the skeleton, its maps shared with what is pinned. @interface_dir:
 * NULL: the shared maps alone, without programs. @meta_owner: of the metadata that these
 * write and trust. */
int load_skeleton(const char *bpffs_dir, const char *interface_dir, uint32_t meta_owner,
		  struct ipwl_bpf **ret_skeleton, char error[DATAPATH_ERROR_BYTES]);

/* ---- table_maps.c: the LPM tries -------------------------------------------- */

/* The path at which a generation's table is pinned. */
int table_maps_pin_path(const struct datapath *datapath, enum family family, uint32_t slot,
			char path[PATH_MAX]);
/* Open the pinned tables, as many as there are. */
void table_maps_open_pinned(struct datapath *datapath);
/* The table's fd, or -1. */
int table_map_of(const struct datapath *datapath, uint32_t generation, enum action action,
		 enum family family);
int table_map_lookup(int table, const struct prefix *address, struct ipwl_match *ret_match);
/* Make, fill, pin and enter a table of a generation that does not decide. On failure it
 * may be half done, for table_maps_drop(). */
int table_map_build(struct datapath *datapath, uint32_t generation, enum action action,
		    enum family family, const struct table *table);
/* Release the tables of a generation that does not decide. @content: what they hold, as
 * far as it is known. */
void table_maps_drop(struct datapath *datapath, uint32_t generation, const struct tables *content);

/* ---- tables.c ---------------------------------------------------------------- */

/* Have the tries decide by @policy. */
int tables_apply(struct datapath *datapath, const struct policy *policy,
		 char error[DATAPATH_ERROR_BYTES]);

/* ---- index.c, regions.c --------------------------------------------------- */

/* Have the index decide by @change->policy, changed in place or as a new generation.
 * Return: -ENOSPC: the policy is larger than an index can be. */
int index_apply(struct datapath *datapath, const struct datapath_change *change,
		char error[DATAPATH_ERROR_BYTES]);
int regions_pin_path(const struct datapath *datapath, uint32_t region, char path[PATH_MAX]);
void regions_open_pinned(struct datapath *datapath);
/* For index_space: make, map and pin a region. */
int regions_add(struct index_space *space);
/* Which regions there are. */
struct regions_mark {
	bool is_there[IPWL_REGIONS_MAX];
};
struct regions_mark regions_mark(const struct datapath *datapath);
/* Enter those that were not there, for packets to find. Return: 0 or -errno. */
int regions_enter(const struct datapath *datapath, const struct regions_mark *mark);
/* Release the regions that were there, or those that were not. */
void regions_drop(struct datapath *datapath, const struct regions_mark *mark, bool were_there);

/* ---- filter.c -------------------------------------------------------------- */

/* Make and map a filter, all zero. Return: 0 or -errno. */
int filter_new(uint32_t **ret_filter, int *ret_fd);
/* NULL is fine. */
void filter_unmap(uint32_t *filter);
/* Enter the filter of a generation that does not decide; -1: none. */
int filter_enter(const struct datapath *datapath, uint32_t generation, int fd);
/* Change the bits of a root slot, if there is a filter: first @is_before its word is
 * stored, then again. */
void filter_publish(const struct datapath *datapath, const uint32_t *changed, uint32_t slot,
		    bool is_before);

/* ---- generation.c --------------------------------------------------------- */

/* A generation that is built, to be put in force. */
struct generation {
	bool is_indexed;
	struct tables tables; /* what its tries hold; with an index, nothing */
	uint32_t *filter;     /* of its index, mapped; NULL: none */
};

/* How things were before a new generation was built. */
struct generation_before {
	uint32_t next; /* the number of the new one */
	struct index_position position;
	struct regions_mark regions;
};

/* Make room for a new generation. */
struct generation_before generation_begin(struct datapath *datapath);
/* Switch to @next by one store, and release the generation before. @next->tables and
 * @next->filter are the datapath's from now on. */
void generation_finish(struct datapath *datapath, const struct generation_before *before,
		       const struct generation *next);
/* The number of the one that decides. */
uint32_t generation_in_force(const struct datapath *datapath);
/* Whether it has an index. */
bool generation_is_indexed(const struct datapath *datapath);
/* Return when no packet is being judged by what was in the maps at the call. */
void generation_wait_for_packets(const struct datapath *datapath);

/* ---- chunks.c -------------------------------------------------------------- */

void chunks_open_pinned(struct datapath *datapath);
int chunks_pin_path(const struct datapath *datapath, uint32_t chunk, char path[PATH_MAX]);
/* Make room for rules and set their counters to zero. */
int chunks_prepare(struct datapath *datapath, const uint32_t *rules, size_t count,
		   char error[DATAPATH_ERROR_BYTES]);
/* Release the chunks that hold no rule of @policy. */
void chunks_trim(struct datapath *datapath, const struct policy *policy);

/* ---- tc.c --------------------------------------------------------------- */

/* Put the program on the device's ingress, in place of an earlier one of ours. */
int tc_attach(int ifindex, int program, bool *ret_qdisc_created, char error[DATAPATH_ERROR_BYTES]);
/* Take our filter off; the qdisc too if @removes_qdisc and no other filter is there. */
int tc_detach(int ifindex, bool removes_qdisc);
/* Whether our filter is there: 1 or 0; -errno: it is not known. */
int tc_is_attached(int ifindex);

/* ---- xdp.c ---------------------------------------------------------------- */

/* The device of this namespace that a link is on; 0: it is on none any more, or on one of
 * another namespace. -errno: no answer. */
int xdp_link_ifindex(int link);
/* How a program, whosever, is on the device. */
int xdp_device_mode(int ifindex, enum attach_mode *ret_mode);
/* Whether a program, whosever, is on the device for sure. */
bool xdp_device_is_taken(int ifindex);
/* Whether tcx programs (Linux 6.6), which run before tc filters, are on its ingress. */
bool xdp_device_has_tcx(int ifindex);

/* ---- obstacle.c ----------------------------------------------------------- */

/* Say by errors_explain() what may be in the way of an XDP program, which the kernel
 * refused with @err. */
void obstacle_explain(int ifindex, const char *name, enum attach_mode mode, int err);

/* ---- pinned.c ------------------------------------------------------------- */

/* The pinned state in an interface's directory; all zero if there is none. */
struct ipwl_interface_state pinned_state(const char *dir);
/* Detach and unpin what is pinned in an interface's directory. */
int pinned_detach(const char *dir, const char *name, char error[DATAPATH_ERROR_BYTES]);
/* If the link on a device is pinned in another interface's directory, because names have
 * changed, exchange it for what is pinned in @dir. */
void pinned_take_from_other(const char *bpffs_dir, const char *dir, int ifindex);

#endif
