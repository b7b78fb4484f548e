/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the data path share. Nobody else includes this, but tests. */
#ifndef DATAPATH_INTERNAL_H
#define DATAPATH_INTERNAL_H

#include <limits.h>
#include <pthread.h>

#include "datapath.h"

/* Below bpffs_dir: shared maps, by the version of their layout, and a directory
 * for each interface. */
#define PIN_MAPS_DIR "v1"
#define PIN_INTERFACES_DIR "interfaces"
#define PIN_LINK "link"
#define PIN_COUNTERS "counters"
#define PIN_STATE "state"
_Static_assert(IPWL_ABI_VERSION == 1, "PIN_MAPS_DIR names the version");

struct ipwl_bpf; /* the skeleton */

struct datapath {
	char *bpffs_dir;
	struct ipwl_bpf *shared;	/* its maps only, no program is loaded */
	struct ipwl_settings *settings; /* mapped */
	/* Guards the file descriptors below, which the writer replaces while
	 * others read counters and decisions. */
	pthread_mutex_t lock;
	int tables[FAMILY_COUNT][IPWL_TABLE_SLOTS]; /* -1: none */
	int chunks[IPWL_CHUNKS_MAX];		    /* -1: none */
	uint32_t first_fresh_rule;
	bool must_rebuild; /* a failed change could not be undone in place */
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
};

/* ---- errors.c ----------------------------------------------------------- */

/* Route libbpf's messages to the buffer of the calling thread. */
void errors_capture(void);
/* Forget what the calling thread has captured. */
void errors_clear(void);
/* Write "what: kernel's or libbpf's words, or strerror(-err)"; returns @err. */
int errors_report(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- pins.c ------------------------------------------------------------- */

/* Join with slashes into @path; -ENAMETOOLONG. @name may be NULL. */
int pins_path(char path[PATH_MAX], const char *dir, const char *subdir, const char *name);
/* Make bpffs_dir and its subdirectories on a BPF file system. */
int pins_prepare(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);
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

/* ---- load.c ------------------------------------------------------------- */

/* Open the skeleton with its programs fitted to this kernel. */
int load_open(struct ipwl_bpf **ret_skeleton);
/* Open and load the skeleton, its maps shared with what is pinned. @interface_dir:
 * NULL: the shared maps alone, without programs. */
int load_skeleton(const char *bpffs_dir, const char *interface_dir, struct ipwl_bpf **ret_skeleton,
		  char error[DATAPATH_ERROR_BYTES]);

/* ---- tables.c, changes.c, chunks.c -------------------------------------- */

/* The path at which a generation's table is pinned. */
int tables_pin_path(const struct datapath *datapath, enum family family, uint32_t slot,
		    char path[PATH_MAX]);
/* Open the pinned tables, as many as there are. */
void tables_open_pinned(struct datapath *datapath);
/* Fill new tables in the other generation, then switch to it. */
int tables_rebuild(struct datapath *datapath, const struct tables *tables,
		   char error[DATAPATH_ERROR_BYTES]);
/* Wait until no packet is being judged by what the tables were before. */
void tables_wait_for_packets(const struct datapath *datapath);
int table_update(int table, const struct node *node);
int table_delete(int table, const struct prefix *prefix);
int table_lookup_kernel(int table, const struct prefix *address, struct ipwl_match *ret_match);
/* The tables' fd in force for an action and family. */
int tables_current(const struct datapath *datapath, enum action action, enum family family);

/* Whether changes_apply() will do: no source gains or loses an allow entry at a hole
 * while the block lists change too. A new generation will. */
bool changes_are_safe(const struct diff diffs[ACTION_COUNT][FAMILY_COUNT]);
/* Change the tables in force element by element. On failure what was done is
 * undone; -EUCLEAN: that failed too. */
int changes_apply(struct datapath *datapath, const struct diff diffs[ACTION_COUNT][FAMILY_COUNT],
		  char error[DATAPATH_ERROR_BYTES]);

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
/* Whether our filter is there. */
bool tc_is_attached(int ifindex);

/* ---- interfaces.c ------------------------------------------------------- */

/* Detach and unpin what is pinned in an interface's directory. */
int interfaces_detach_pinned(const char *dir, const char *name, char error[DATAPATH_ERROR_BYTES]);

#endif
