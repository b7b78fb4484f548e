/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel side: maps, tables, counters and programs on interfaces. The only
 * room that knows libbpf.
 *
 * Tables and settings have one writer at a time (the daemon's worker);
 * interfaces have one too (its main loop). Reading is safe from any thread.
 * Functions return 0 or -errno; what went wrong, in the kernel's own words where
 * it has some, is in the @error buffer of the call.
 */
#ifndef DATAPATH_DATAPATH_H
#define DATAPATH_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "ipwl.h"
#include "ipwl_verdict.h"

#define DATAPATH_ERROR_BYTES 512

struct datapath;

/**
 * datapath_open() - take over the pinned maps, or make and pin new ones
 * @bpffs_dir: made if missing; below /sys/fs/bpf a missing BPF file system is
 *             mounted; claimed until datapath_close()
 * @owner: of the claim, for whoever is refused: see base/claim.h; lives longer than the
 *         datapath
 * @ret_adopted: whether there were maps already, from an earlier daemon
 *
 * Packets go on being decided by the programs that are attached.
 *
 * Return: 0; -EWOULDBLOCK: another process has claimed the directory; -errno.
 */
int datapath_open(const char *bpffs_dir, const char *owner, struct datapath **ret_datapath,
		  bool *ret_adopted, char error[DATAPATH_ERROR_BYTES]);

/* Release what this process holds; pinned maps and programs go on. */
void datapath_close(struct datapath *datapath);

/* Unpin the maps of versions before this one, when no program of theirs is attached any
 * more. */
void datapath_forget_old_layouts(const struct datapath *datapath);

/* "1.1": the version of libbpf in use. */
const char *datapath_libbpf_version(void);

/* Random, the same as long as these maps live. */
uint64_t datapath_cookie(const struct datapath *datapath);

/* The first rule id that no chunk of an earlier daemon holds: where to start when
 * it is not known which ids that daemon gave out. */
uint32_t datapath_first_fresh_rule(const struct datapath *datapath);

/* ---- tables ------------------------------------------------------------- */

/**
 * datapath_assign_slots() - give each list of @policy its slot
 *
 * A list that has a slot (by name and action) keeps it and its counters. New
 * slots are taken and zeroed, until the next call if no datapath_apply() succeeds
 * before; slots of lists that are gone are freed by one that does.
 */
int datapath_assign_slots(struct datapath *datapath, struct policy *policy,
			  char error[DATAPATH_ERROR_BYTES]);

struct datapath_change {
	const struct policy *policy; /* numbered, with slots */
	bool uses_index;	     /* else the LPM tries decide */
	/* What is known of the policy in the kernel: below these prefixes alone does
	 * @policy decide otherwise, unless all is to be built anew. */
	const struct prefix *changed;
	size_t changed_count;
	bool is_rebuild;
	const uint32_t *added_rules; /* ids whose counters are to be zero */
	size_t added_rule_count;
	const uint16_t *ports; /* host byte order */
	size_t port_count;
	bool enforce;
};

/**
 * datapath_apply() - make the kernel decide by @change->policy
 *
 * Each address is decided as before or by the new policy at any moment. On failure
 * all is as before. -ENOSPC: a limit is reached, which @error names.
 */
int datapath_apply(struct datapath *datapath, const struct datapath_change *change,
		   char error[DATAPATH_ERROR_BYTES]);

/* Set the mode alone. */
void datapath_set_enforce(struct datapath *datapath, bool enforce);

/* Whether the index decides. */
bool datapath_uses_index(const struct datapath *datapath);

/* The answer for an address of what the kernel decides by; moves no counter. */
int datapath_decide(struct datapath *datapath, const struct prefix *address,
		    struct ipwl_decision *ret_decision);

/* ---- counters ----------------------------------------------------------- */

int datapath_read_rule(struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters);

/* The counters of all rules of a chunk: ids from chunk * IPWL_CHUNK_RULES on. -ENOENT:
 * there is no such chunk, so nothing is counted. */
int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES]);

/* A list's counters by its slot, summed over CPUs. */
int datapath_read_list(const struct datapath *datapath, uint16_t slot,
		       struct ipwl_traffic *ret_traffic);

/* ---- interfaces --------------------------------------------------------- */

enum attach_mode { ATTACH_NONE, ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_MODE_COUNT };
/* "none", "native", "generic". */
extern const char *const attach_mode_names[ATTACH_MODE_COUNT];

enum marking { MARKING_NONE, MARKING_METADATA, MARKING_CLASSIFY, MARKING_UNCERTAIN, MARKING_COUNT };
/* "none": no tc program; "metadata": XDP hands the list to it; "classify": the
 * driver has no metadata, so it classifies by itself; "uncertain": the device has tcx
 * programs of others, which run before it and may end the packet's way to it. */
extern const char *const marking_names[MARKING_COUNT];

struct interface; /* one configured interface, attached or not */

/* Load the programs for an interface and take over, or make, its pinned
 * counters. Nothing is attached yet. */
int interface_open(struct datapath *datapath, const char *name, struct interface **ret_interface,
		   char error[DATAPATH_ERROR_BYTES]);
/* Release; what is attached stays attached. NULL is fine. */
void interface_close(struct interface *interface);

/**
 * interface_attach() - put the programs on the device
 * @ifindex: of the device now
 * @try_native, @try_generic: modes that may be used, native first
 *
 * Programs of an earlier daemon are replaced in place, without a packet that is
 * not judged. @error may hold a warning on success (marking does not work).
 * -ENODEV: the device is gone; -EBUSY: another XDP program is there.
 */
int interface_attach(struct interface *interface, int ifindex, bool try_native, bool try_generic,
		     char error[DATAPATH_ERROR_BYTES]);

/* Take the programs off and unpin the link; the counters stay. */
int interface_detach(struct interface *interface, char error[DATAPATH_ERROR_BYTES]);

/* Ask the kernel: also sees a program that someone took off, or a device that
 * is gone. Where it cannot answer, for want of a descriptor: what it said last. */
enum attach_mode interface_attached(struct interface *interface);
enum marking interface_marking(struct interface *interface);

int interface_read_counters(const struct interface *interface,
			    struct ipwl_traffic ret_counters[IPWL_COUNTER_COUNT]);

/* There is no device of that name: take the programs off the one that had it, which may
 * have another name now, or be in another namespace. The counters stay. */
int datapath_detach_missing(const struct datapath *datapath, const char *name,
			    char error[DATAPATH_ERROR_BYTES]);

/* Detach and unpin an interface that is pinned from an earlier configuration, if
 * @keep says no for its name. */
int datapath_remove_interfaces(struct datapath *datapath,
			       bool (*keep)(const char *name, void *context), void *context,
			       char error[DATAPATH_ERROR_BYTES]);

/* ---- detach ------------------------------------------------------------- */

/**
 * datapath_detach() - take ipwl off this machine
 * @bpffs_dir: all that is pinned there is detached and unpinned; needs no daemon
 *
 * Programs, tc filters, a clsact qdisc that ipwl made and nobody else uses, and
 * the directory itself are gone afterwards. A datapath that is open stays usable
 * by its file descriptors, unpinned; datapath_pin() pins it again. Asks for no claim: who
 * has none must know that no other process needs what is pinned.
 */
int datapath_detach(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);

/* Pin the maps of an open datapath again after datapath_detach(). -EWOULDBLOCK: another
 * process has the directory by now. */
int datapath_pin(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES]);

#endif
