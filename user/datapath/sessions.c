// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the program that counts sessions, attaches it to a cgroup, and reads what it counts. */
#include "datapath/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "sessions.skel.h"

struct sessions {
	char *bpffs_dir;
	struct sessions_bpf *skeleton;
	int link;	 /* -1: not attached by this process */
	bool is_program; /* the link has the program of this process */
};

const struct session_kind_name session_kind_names[IPWL_SESSION_KIND_COUNT] = {
	[IPWL_SESSION_OUTBOUND] = { "outbound", "complete" },
	[IPWL_SESSION_OUTBOUND_SHORT] = { "outbound", "short" },
	[IPWL_SESSION_INBOUND] = { "inbound", "complete" },
	[IPWL_SESSION_INBOUND_SHORT] = { "inbound", "short" },
};

/* ---- open -------------------------------------------------------------------- */

static int set_pin_paths(struct sessions *sessions)
{
	char path[PATH_MAX];
	struct bpf_map *map;

	bpf_object__for_each_map(map, sessions->skeleton->obj)
	{
		int err = pins_path(path, sessions->bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));

		if (!err)
			err = bpf_map__set_pin_path(map, path);
		if (err)
			return err;
	}
	return 0;
}

static int load(struct sessions *sessions, char error[DATAPATH_ERROR_BYTES])
{
	int err;

	errors_capture();
	errors_clear();
	sessions->skeleton = sessions_bpf__open();
	if (!sessions->skeleton)
		return errors_report_words(error, -errno, "cannot open the BPF object of sessions");
	err = set_pin_paths(sessions);
	if (err)
		return errors_report(error, err, "cannot pin maps in %s", sessions->bpffs_dir);
	return load_into_kernel(sessions->skeleton->skeleton, "program that counts sessions",
				error);
}

int sessions_open(const char *bpffs_dir, struct sessions **ret_sessions,
		  char error[DATAPATH_ERROR_BYTES])
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	int err;

	if (!sessions)
		return errors_report(error, -ENOMEM, "cannot count sessions");
	sessions->link = -1;
	sessions->bpffs_dir = strdup(bpffs_dir);
	err = sessions->bpffs_dir ? load(sessions, error)
				  : errors_report(error, -ENOMEM, "cannot count sessions");
	if (err) {
		sessions_close(sessions);
		return err;
	}
	*ret_sessions = sessions;
	return 0;
}

void sessions_close(struct sessions *sessions)
{
	if (!sessions)
		return;
	if (sessions->link >= 0)
		close(sessions->link);
	sessions_bpf__destroy(sessions->skeleton);
	free(sessions->bpffs_dir);
	free(sessions);
}

int sessions_set_limits(struct sessions *sessions, const struct session_limits *limits,
			char error[DATAPATH_ERROR_BYTES])
{
	struct ipwl_session_settings settings = { .sent_bytes = limits->sent_bytes,
						  .received_bytes = limits->received_bytes };
	uint32_t zero = 0;

	for (size_t i = 0; i < limits->port_count; i++)
		settings.ports[limits->ports[i] / 64] |= 1ULL << limits->ports[i] % 64;
	if (bpf_map_update_elem(bpf_map__fd(sessions->skeleton->maps.session_settings), &zero,
				&settings, BPF_ANY))
		return errors_report(error, -errno, "cannot set what counts as a session");
	return 0;
}

/* ---- attach --------------------------------------------------------------------- */

/* The id of the cgroup that a link is attached to; 0: it is gone, or the link was detached. */
static uint64_t link_cgroup(int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &size) || info.type != BPF_LINK_TYPE_CGROUP)
		return 0;
	return info.cgroup.cgroup_id;
}

static int link_pin_path(const char *bpffs_dir, char pin[PATH_MAX])
{
	return pins_path(pin, bpffs_dir, PIN_SESSIONS_LINK, NULL);
}

static void drop_link(struct sessions *sessions, const char *pin)
{
	bpf_link_detach(sessions->link);
	close(sessions->link);
	unlink(pin);
	sessions->link = -1;
	sessions->is_program = false;
}

/* Return: whether the link is attached to @cgroup and has our program now. */
static bool keep_link(struct sessions *sessions, int cgroup)
{
	const uint64_t id = link_cgroup(sessions->link);

	if (!id || id != cgroup_id(cgroup))
		return false;
	if (!sessions->is_program)
		sessions->is_program = !bpf_link_update(
		    sessions->link, bpf_program__fd(sessions->skeleton->progs.ipwl_sessions), NULL);
	return sessions->is_program;
}

/* A detach may have unpinned the maps since they were opened. */
static int pin_maps(const struct sessions *sessions)
{
	char path[PATH_MAX];
	struct bpf_map *map;

	bpf_object__for_each_map(map, sessions->skeleton->obj)
	{
		int err = pins_path(path, sessions->bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));

		if (!err)
			err = pins_pin(bpf_map__fd(map), path);
		if (err)
			return err;
	}
	return 0;
}

static int attach_new(struct sessions *sessions, int cgroup, const char *pin, const char *path,
		      char error[DATAPATH_ERROR_BYTES])
{
	int link = bpf_link_create(bpf_program__fd(sessions->skeleton->progs.ipwl_sessions), cgroup,
				   BPF_CGROUP_SOCK_OPS, NULL);
	int err;

	if (link < 0 && errno == EPERM)
		return errors_report(error, -EPERM,
				     "cannot attach to the cgroup %s, which may have a program "
				     "that allows no other",
				     path);
	if (link < 0)
		return errors_report(error, -errno, "cannot attach to the cgroup %s", path);
	err = pin_maps(sessions);
	if (!err)
		err = pins_pin(link, pin);
	if (err) {
		bpf_link_detach(link);
		close(link);
		return errors_report(error, err, "cannot pin the program in %s",
				     sessions->bpffs_dir);
	}
	sessions->link = link;
	sessions->is_program = true;
	return 0;
}

int sessions_attach(struct sessions *sessions, const char *cgroup, char ret_path[PATH_MAX],
		    char error[DATAPATH_ERROR_BYTES])
{
	char pin[PATH_MAX];
	int err = link_pin_path(sessions->bpffs_dir, pin);
	int fd;

	ret_path[0] = error[0] = '\0';
	if (err)
		return errors_report(error, err, "%s", sessions->bpffs_dir);
	if (sessions->link < 0)
		sessions->link = bpf_obj_get(pin);
	fd = cgroup_open(cgroup, ret_path, error);
	/* If there is no descriptor left, for example, it stays where it is. */
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		return fd;
	if (sessions->link >= 0 && (fd < 0 || !keep_link(sessions, fd)))
		drop_link(sessions, pin);
	if (fd < 0)
		return fd;
	if (sessions->link < 0)
		err = attach_new(sessions, fd, pin, ret_path, error);
	close(fd);
	return err;
}

bool sessions_may_be_missed(const char *cgroup)
{
	char path[PATH_MAX], error[DATAPATH_ERROR_BYTES];
	int root, below;
	bool is_root;

	if (!cgroup || !cgroup_v1_classifies())
		return false;
	root = cgroup_open(NULL, path, error);
	below = cgroup_open(cgroup, path, error);
	is_root = root >= 0 && below >= 0 && cgroup_id(root) == cgroup_id(below);
	if (root >= 0)
		close(root);
	if (below >= 0)
		close(below);
	return !is_root;
}

int sessions_remove(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	char pin[PATH_MAX];
	int err = link_pin_path(bpffs_dir, pin);
	int link;

	if (err)
		return errors_report(error, err, "%s", bpffs_dir);
	link = bpf_obj_get(pin);
	if (link < 0)
		return errno == ENOENT ? 0 : errors_report(error, -errno, "cannot open %s", pin);
	/* Without a cgroup any more it is detached already. */
	if (link_cgroup(link) && bpf_link_detach(link))
		err =
		    errors_report(error, -errno, "cannot detach the program that counts sessions");
	close(link);
	if (!err)
		unlink(pin);
	return err;
}

/* ---- read ------------------------------------------------------------------------- */

int sessions_read_totals(const struct sessions *sessions, struct ipwl_session_totals *ret_totals)
{
	struct ipwl_session_totals totals;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(sessions->skeleton->maps.session_totals), &zero,
				&totals))
		return -errno;
	*ret_totals = totals;
	return 0;
}

_Static_assert(sizeof(struct session_peer) ==
		   sizeof(struct ipwl_session_peer) + sizeof(struct ipwl_sessions),
	       "an element is a key and a value");
_Static_assert(sizeof(struct session_noted) ==
		   sizeof(struct ipwl_session_peer) + sizeof(struct ipwl_sessions_noted),
	       "likewise");

static int compare_elements(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipwl_session_peer));
}

/* Read a table by peer. The elements are keys and values, sorted. */
static int read_table(int map, size_t value_bytes, void **ret_elements, size_t *ret_count)
{
	const size_t key_bytes = sizeof(struct ipwl_session_peer);
	const size_t bytes = key_bytes + value_bytes;
	char *keys = calloc(IPWL_SESSION_PEERS_MAX, key_bytes);
	char *values = calloc(IPWL_SESSION_PEERS_MAX, value_bytes);
	uint32_t count = IPWL_SESSION_PEERS_MAX, next;
	char *elements = NULL;
	int err = keys && values ? 0 : -ENOMEM;

	/* "Not found" means that there are no more. */
	if (!err && bpf_map_lookup_batch(map, NULL, &next, keys, values, &count, NULL) &&
	    errno != ENOENT)
		err = -errno;
	if (!err)
		elements = calloc((size_t)count + 1, bytes);
	if (!err && !elements)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < count; i++) {
		memcpy(elements + i * bytes, keys + i * key_bytes, key_bytes);
		memcpy(elements + i * bytes + key_bytes, values + i * value_bytes, value_bytes);
	}
	free(keys);
	free(values);
	if (err)
		return err;
	qsort(elements, count, bytes, compare_elements);
	*ret_elements = elements;
	*ret_count = count;
	return 0;
}

int sessions_read_peers(const struct sessions *sessions, struct session_peer **ret_peers,
			size_t *ret_count)
{
	return read_table(bpf_map__fd(sessions->skeleton->maps.session_peers),
			  sizeof(struct ipwl_sessions), (void **)ret_peers, ret_count);
}

int sessions_find_peer(const struct sessions *sessions, const struct prefix *address,
		       struct ipwl_sessions *ret_sessions)
{
	struct ipwl_session_peer peer;
	struct ipwl_sessions found;

	prefix_map(address, peer.addr);
	if (bpf_map_lookup_elem(bpf_map__fd(sessions->skeleton->maps.session_peers), &peer, &found))
		return -errno;
	*ret_sessions = found;
	return 0;
}

/* ---- what was noted ----------------------------------------------------------------- */

int sessions_read_noted(const struct sessions *sessions, struct session_noted **ret_noted,
			size_t *ret_count)
{
	return read_table(bpf_map__fd(sessions->skeleton->maps.session_noted),
			  sizeof(struct ipwl_sessions_noted), (void **)ret_noted, ret_count);
}

int sessions_note(const struct sessions *sessions, const struct session_difference *difference)
{
	const int map = bpf_map__fd(sessions->skeleton->maps.session_noted);
	int err = 0;

	/* First, so that there is room. */
	for (size_t i = 0; i < difference->gone_count; i++)
		if (bpf_map_delete_elem(map, &difference->gone[i]) && errno != ENOENT)
			err = -errno;
	for (size_t i = 0; i < difference->count; i++)
		if (bpf_map_update_elem(map, &difference->noted[i].peer,
					&difference->noted[i].noted, BPF_ANY))
			err = -errno;
	return err;
}
