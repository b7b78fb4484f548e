/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: settings, and the policy of its lists and list files. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/policy.h"
#include "diagnostics.h"

#define CONFIG_DEFAULT_PATH "/etc/ipwl/ipwld.yaml"
#define CONFIG_DEFAULT_STATE_DIR "/var/lib/ipwl"
#define CONFIG_DEFAULT_RUNTIME_DIR "/run/ipwl"
#define CONFIG_DEFAULT_BPFFS_DIR "/sys/fs/bpf/ipwl"
#define CONFIG_DEFAULT_METRICS_LISTEN "127.0.0.1:12525"

enum xdp_mode { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC, XDP_MODE_COUNT };

/* "auto", "native", "generic", indexed by enum xdp_mode. */
extern const char *const xdp_mode_names[XDP_MODE_COUNT];

struct config {
	char **interfaces;
	size_t interface_count;
	enum xdp_mode xdp_mode;
	uint16_t *ports; /* host byte order, sorted, at least one */
	size_t port_count;
	bool is_enforcing;
	bool is_index_off; /* the kernel decides by LPM tries */
	char *state_dir;
	char *runtime_dir;
	char *bpffs_dir;
	char *metrics_host; /* NULL: no metrics (`listen: none`) */
	uint16_t metrics_port;
	struct policy *policy; /* entries from config and files; the reader may
				* take it and set this to NULL */
};

/**
 * config_load() - read a configuration and all list files it names
 * @path: of the YAML file
 * @diagnostics: initialised; errors and warnings are added
 * @ret_config: untouched on error; free with config_free()
 *
 * Return: 0; -EINVAL: at least one error was added; -ENOMEM.
 */
int config_load(const char *path, struct diagnostics *diagnostics, struct config **ret_config);
void config_free(struct config *config);

/**
 * config_read_bpffs_dir() - find out where ipwl is pinned
 * @ret_dir: to be freed; the default where the file names none
 *
 * Whatever else is wrong with the file; no list file is read. Return: 0; -EINVAL: it
 * cannot be told from this file, which may be missing; -ENOMEM.
 */
int config_read_bpffs_dir(const char *path, char **ret_dir);

/* Whether @prefix may be in a list of that action: 0.0.0.0/0 and ::/0 may not be
 * in a block list. Returns NULL or what is wrong. */
const char *config_refuse_prefix(const struct prefix *prefix, enum action action);

#endif
