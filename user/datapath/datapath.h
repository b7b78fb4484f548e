/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel side: maps, tables, counters, and the programs on interfaces. Only this room uses
 * libbpf.
 *
 * Only one thread at a time may change tables and settings (the daemon's worker). Only one
 * thread at a time may attach and detach interfaces (the main loop). Any thread may read.
 *
 * Functions return 0 or -errno. On failure, the caller's @error buffer says what went wrong. It
 * includes the kernel's own message if there is one.
 */
#ifndef DATAPATH_DATAPATH_H
#define DATAPATH_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/flood.h"
#include "core/limits.h"
#include "core/policy.h"
#include "ipwl.h"
#include "ipwl_verdict.h"

#define DATAPATH_ERROR_BYTES 512

struct datapath;

/**
 * datapath_open() - take over the pinned maps, or create and pin new ones
 * @bpffs_dir: created if it does not exist. If it is below /sys/fs/bpf and no BPF file system
 *             is mounted there, one is mounted. The directory is claimed until datapath_close()
 * @owner: names this process to another one whose claim is refused (see base/claim.h); must
 *         outlive the datapath
 * @ret_adopted: whether an earlier daemon left maps
 *
 * Attached programs keep deciding packets.
 *
 * Return: 0; -EWOULDBLOCK: another process has claimed the directory; another -errno.
 */
int datapath_open(const char *bpffs_dir, const char *owner, struct datapath **ret_datapath,
		  bool *ret_adopted, char error[DATAPATH_ERROR_BYTES]);

/**
 * datapath_peek() - read the counters of maps that are pinned, without a claim
 *
 * Creates and pins nothing. Only datapath_cookie(), datapath_settle(), datapath_read_rule() and
 * datapath_close() may be called.
 *
 * Return: 0; -ENOENT: not all maps are pinned there; another -errno.
 */
int datapath_peek(const char *bpffs_dir, struct datapath **ret_datapath,
		  char error[DATAPATH_ERROR_BYTES]);

/* Release what this process holds. Pinned maps and attached programs keep working. NULL is
 * fine. */
void datapath_close(struct datapath *datapath);

/* Unpin the maps of other layout versions. Call this only when no program that uses them is
 * attached any more. */
void datapath_forget_old_layouts(const struct datapath *datapath);

/* "1.1": the version of libbpf in use. */
const char *datapath_libbpf_version(void);

/* A random number that identifies these maps. It stays the same as long as they exist. */
uint64_t datapath_cookie(const struct datapath *datapath);

/* The lowest rule id above all chunks of an earlier daemon. New ids start here if it is not
 * known which ids that daemon used. */
uint32_t datapath_first_fresh_rule(const struct datapath *datapath);

/* ---- tables ------------------------------------------------------------- */

/**
 * datapath_assign_slots() - give each list of @policy its slot
 *
 * A list that already has a slot (same name and action) keeps it and its counters. Other lists
 * get a free slot with zeroed counters. The next call frees these new slots if no
 * datapath_apply() succeeded in between. A successful datapath_apply() frees the slots of lists
 * that no longer exist.
 *
 * Return: 0; -ENOSPC: no slot is free; another -errno.
 */
int datapath_assign_slots(struct datapath *datapath, struct policy *policy,
			  char error[DATAPATH_ERROR_BYTES]);

/* Which attempts the kernel reports (events.h). */
struct event_limits {
	bool is_on;
	uint64_t per_second;	    /* of all sources; at once, as many as in 4 seconds */
	uint64_t per_source_minute; /* of each source, see ipwl_event.h */
};

struct datapath_change {
	const struct policy *policy; /* numbered (rules.h), with slots */
	bool uses_index;	     /* false: the LPM tries decide */
	/* The prefixes below which @policy decides differently from the policy in the kernel.
	 * Not used if @is_rebuild, which builds everything anew. */
	const struct prefix *changed;
	size_t changed_count;
	bool is_rebuild;
	const uint32_t *added_rules; /* ids whose counters must start at zero */
	size_t added_rule_count;
	const uint16_t *ports; /* host byte order */
	size_t port_count;
	bool enforce;
	struct event_limits events;
	struct limits limits; /* for unlisted sources */
	struct flood flood;
};

/**
 * datapath_apply() - make the kernel decide by @change->policy
 *
 * At any moment, each address is decided either by the old policy or by the new one. On
 * failure, the old policy stays in force.
 *
 * Return: 0; -ENOSPC: a limit is reached, and @error names it; another -errno.
 */
int datapath_apply(struct datapath *datapath, const struct datapath_change *change,
		   char error[DATAPATH_ERROR_BYTES]);

/* Set only the mode: whether block lists that enforce drop packets. */
void datapath_set_enforce(struct datapath *datapath, bool enforce);

/* Whether the index, not the LPM tries, decides packets. */
bool datapath_uses_index(const struct datapath *datapath);

/* Decide an address with the tables and the mode in force, for a mail port; 0: as packets whose
 * port cannot be read, like the first port. No counter changes. */
int datapath_decide(struct datapath *datapath, const struct prefix *address, uint16_t port,
		    struct ipwl_decision *ret_decision);

/* ---- counters ----------------------------------------------------------- */

/* Have the counters of rules contain all packets that were counted before this call. Packets
 * are added to them in batches, so without it each CPU may have 64 packets that they lack.
 * Return: 0 or -errno, and then some may be missing until the next call. */
int datapath_settle(struct datapath *datapath);

int datapath_read_rule(struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters);

/* Read the counters of all rules of a chunk. The first one belongs to rule id @chunk *
 * IPWL_CHUNK_RULES. Return: 0; -ENOENT: the chunk does not exist, so its rules have counted
 * nothing; another -errno. */
int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES]);

/* Read what a list has decided, by its slot, summed over all CPUs. @verdict: allow or averted of
 * an allow list, block or would_block of a block list. */
int datapath_read_list(const struct datapath *datapath, uint16_t slot, enum ipwl_verdict verdict,
		       struct ipwl_traffic *ret_traffic);

/* Read the SYNs that a block list has answered, by its slot. */
int datapath_read_answers(const struct datapath *datapath, uint16_t slot,
			  struct ipwl_traffic *ret_traffic);

/* What an allow list has passed that a block list contains. */
struct averted_pair {
	uint16_t allow, block; /* slots */
	struct ipwl_traffic traffic;
};

/**
 * datapath_read_averted() - read what allow lists have averted, by block list
 * @ret_pairs: each pair once, in no order; to be freed
 *
 * A packet counts for each block list that contains its source, in whichever mode. If the tries
 * decide, or if there are more combinations of lists than classes, packets count for no block
 * list.
 */
int datapath_read_averted(struct datapath *datapath, struct averted_pair **ret_pairs,
			  size_t *ret_count);

/* ---- lanes --------------------------------------------------------------- */

/* Ask the kernel for the listener of a lane in this network namespace, and for its queue. */
void datapath_look_at_lane(const struct lane_end *end, struct lane_look *ret_look);

/* Switch the lane of a list on or off for one family. On means: for DATAPATH_LANE_SEC from now,
 * unless this is called again. Nothing happens if the kernel has another lane for the list. Any
 * thread may call this. */
void datapath_set_lane(struct datapath *datapath, const struct list *list, enum family family,
		       bool is_up);
#define DATAPATH_LANE_SEC 15

/* Read what became of connections to a list with a lane, by its slot. */
void datapath_read_lane(const struct datapath *datapath, uint16_t slot,
			struct ipwl_lane_counters *ret_counters);
/* Read how many SYNs were over the limit of a list with on_block: reject, by its slot. */
void datapath_read_rejects(const struct datapath *datapath, uint16_t slot,
			   uint64_t ret_limited[FAMILY_COUNT]);

/* ---- interfaces --------------------------------------------------------- */

enum attach_mode { ATTACH_NONE, ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_MODE_COUNT };
/* "none", "native", "generic". */
extern const char *const attach_mode_names[ATTACH_MODE_COUNT];

enum marking { MARKING_NONE, MARKING_METADATA, MARKING_CLASSIFY, MARKING_UNCERTAIN, MARKING_COUNT };
/* "none": there is no tc program. "metadata": XDP passes the list to the tc program.
 * "classify": the driver has no metadata, so the tc program classifies the packet itself.
 * "uncertain": the device has tcx programs of other software. They run before the tc program,
 * and a packet that they end never reaches it. */
extern const char *const marking_names[MARKING_COUNT];

struct interface; /* one configured interface, attached or not */

/* Load the programs for an interface, and take over or create its pinned counters. This
 * attaches nothing. */
int interface_open(struct datapath *datapath, const char *name, struct interface **ret_interface,
		   char error[DATAPATH_ERROR_BYTES]);
/* Release the interface. Attached programs stay attached. NULL is fine. */
void interface_close(struct interface *interface);

/**
 * interface_attach() - attach the programs to the device
 * @ifindex: the device's present index
 * @try_native, @try_generic: modes that may be used; native is tried first
 *
 * Programs of an earlier daemon are replaced in place, so that no packet passes unjudged. On
 * success, @error is empty or holds a warning that marking does not work.
 *
 * Return: 0; -ENODEV: the device no longer exists; -EBUSY: another XDP program is attached;
 * -EOPNOTSUPP: the device has no Ethernet header; another -errno.
 */
int interface_attach(struct interface *interface, int ifindex, bool try_native, bool try_generic,
		     char error[DATAPATH_ERROR_BYTES]);

/* Detach the programs and unpin the link. The counters stay pinned. */
int interface_detach(struct interface *interface, char error[DATAPATH_ERROR_BYTES]);

/* Ask the kernel for the present state. This also notices that another program detached ours,
 * or that the device no longer exists. If the kernel cannot answer, because no descriptor is
 * free for example, these return its last answer. */
enum attach_mode interface_attached(struct interface *interface);
enum marking interface_marking(struct interface *interface);

int interface_read_counters(const struct interface *interface,
			    struct ipwl_traffic ret_counters[IPWL_COUNTER_COUNT]);

/* Detach the programs of an interface whose name no device has any more. The device may have
 * been renamed, or moved to another namespace. The counters stay pinned. */
int datapath_detach_missing(const struct datapath *datapath, const char *name,
			    char error[DATAPATH_ERROR_BYTES]);

/* Detach and unpin each interface for whose name @keep returns false. They remain from an
 * earlier configuration. */
int datapath_remove_interfaces(struct datapath *datapath,
			       bool (*keep)(const char *name, void *context), void *context,
			       char error[DATAPATH_ERROR_BYTES]);

/* ---- detach ------------------------------------------------------------- */

/**
 * datapath_detach() - remove ipwl from this machine
 * @bpffs_dir: everything pinned there is detached and unpinned; no daemon is needed
 *
 * This removes programs, tc filters, a clsact qdisc that ipwl created and no other program
 * uses, and the directory itself. An open datapath remains usable through its file descriptors;
 * datapath_pin() pins it again. This function takes no claim. A caller without one must know
 * that no other process needs the pins.
 */
int datapath_detach(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);

/* Pin the maps of an open datapath again after datapath_detach(). Return: 0; -EWOULDBLOCK:
 * another process has claimed the directory in the meantime; another -errno. */
int datapath_pin(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES]);

#endif
