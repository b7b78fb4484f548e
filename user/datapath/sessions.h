/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that counts SMTP sessions by peer (ipwl_session.h), on a cgroup. Its maps and its
 * link are pinned, so sessions are counted while no ipwld runs.
 *
 * Only the main loop opens, attaches and closes. Any thread may read until sessions_close().
 * Functions return 0 or -errno; then @error says what went wrong.
 */
#ifndef DATAPATH_SESSIONS_H
#define DATAPATH_SESSIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"
#include "datapath/datapath.h"
#include "ipwl_session.h"

struct sessions;

struct session_limits {
	uint32_t sent_bytes;	 /* that make an outbound session complete, at least */
	uint32_t received_bytes; /* likewise */
	const uint16_t *ports;	 /* mail ports, for inbound sessions; host byte order */
	size_t port_count;
};

/* Load the program, and take over or create its maps. This attaches nothing. The caller must have
 * claimed @bpffs_dir. */
int sessions_open(const char *bpffs_dir, struct sessions **ret_sessions,
		  char error[DATAPATH_ERROR_BYTES]);
/* Release what this process holds. The program stays attached. NULL is fine. */
void sessions_close(struct sessions *sessions);

/* Tell the program what counts. It may be attached. */
int sessions_set_limits(struct sessions *sessions, const struct session_limits *limits,
			char error[DATAPATH_ERROR_BYTES]);

/**
 * sessions_attach() - have the program attached to a cgroup
 * @cgroup: a directory of cgroup v2; NULL: its root, as far as this process sees it
 * @ret_path: the directory, also if it cannot be attached there; "" if there is none
 *
 * If it is attached there already, by this process or an earlier one, the program is replaced at
 * most once, in place, so no session is missed. It is taken off any other cgroup.
 *
 * Return: 0; -ENOENT: there is no such cgroup, or no cgroup v2 at all; -ENOTDIR: it is not a
 * cgroup v2; -EPERM: another program does not allow it; another -errno.
 */
int sessions_attach(struct sessions *sessions, const char *cgroup, char ret_path[PATH_MAX],
		    char error[DATAPATH_ERROR_BYTES]);

/* Whether sessions may be missed at this cgroup below the root: before Linux 5.15, the classes of
 * net_cls and net_prio (cgroup v1) take the sockets of all processes to the root. */
bool sessions_may_be_missed(const char *cgroup);

/* Take the program of this or an earlier process off its cgroup. The maps stay pinned. */
int sessions_remove(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES]);

/* "outbound" or "inbound", and "complete" or "short". */
struct session_kind_name {
	const char *direction;
	const char *result;
};
extern const struct session_kind_name session_kind_names[IPWL_SESSION_KIND_COUNT];

int sessions_read_totals(const struct sessions *sessions, struct ipwl_session_totals *ret_totals);

/* Read all peers. @ret_peers: by address; to be freed. */
int sessions_read_peers(const struct sessions *sessions, struct session_peer **ret_peers,
			size_t *ret_count);

/* Look up a host. Return: 0; -ENOENT: it has no complete session; another -errno. */
int sessions_find_peer(const struct sessions *sessions, const struct prefix *address,
		       struct ipwl_sessions *ret_sessions);

/* What was noted of them, likewise. */
int sessions_read_noted(const struct sessions *sessions, struct session_noted **ret_noted,
			size_t *ret_count);
/* Note that the news have been taken over. On failure, some of them are new again. */
int sessions_note(const struct sessions *sessions, const struct session_difference *difference);

#endif
