/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: settings, and the policy of its lists and list files. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "config/feed_config.h"
#include "core/guard.h"
#include "core/policy.h"
#include "formats/read.h"
#include "formats/write.h"

#define CONFIG_DEFAULT_PATH "/etc/ipwl/ipwld.yaml"
#define CONFIG_DEFAULT_STATE_DIR "/var/lib/ipwl"
#define CONFIG_DEFAULT_RUNTIME_DIR "/run/ipwl"
#define CONFIG_DEFAULT_BPFFS_DIR "/sys/fs/bpf/ipwl"
#define CONFIG_DEFAULT_METRICS_LISTEN "127.0.0.1:12525"
#define CONFIG_DEFAULT_GUARD_ENTRIES 100
#define CONFIG_DEFAULT_GUARD_SHARE 50

#define HISTORY_DEFAULT_KEEP_SEC (400 * 86400)
#define HISTORY_DEFAULT_SAMPLE_SEC 300

/* What is remembered of changes and hits. */
struct history_settings {
	int64_t keep_sec;   /* records of changes, and hits of what is not listed any more */
	int64_t sample_sec; /* how often the counters of entries are looked at */
};

enum xdp_mode { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC, XDP_MODE_COUNT };

/* "auto", "native", "generic", indexed by enum xdp_mode. */
extern const char *const xdp_mode_names[XDP_MODE_COUNT];

/* A file that lists are written to. */
struct config_export {
	enum export_format format;
	char *path;
	char **lists; /* names; all of one action */
	size_t list_count;
	enum action action;
	bool is_aggregated;
	/* When it has changed, one of the two, or neither (NULL). */
	char **after;  /* a command to run, up to a NULL */
	char *service; /* a service whose reload is wished for */
};

/* A list file, and what came of it. */
struct list_file {
	char *path;
	struct format_result result;
};

/* How a list reads what others write. */
struct list_input {
	enum format format;   /* `format:` */
	bool skips_bad_lines; /* `on_error: skip` */
	enum host_bits host_bits;
	struct list_file *files;
	size_t file_count;
};

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
	struct guard_limits guard;
	struct history_settings history;
	struct feed_config *feeds; /* of all lists */
	size_t feed_count;
	struct prefix *protected; /* no feed may block these */
	size_t protected_count;
	struct config_export *exports;
	size_t export_count;
	struct policy *policy;		/* entries from config and files; the reader may
					 * take it and set this to NULL */
	struct list_input *list_inputs; /* by index of the list in the policy */
	size_t list_input_count;
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

/* How many files an export has, and the path of each. Returns @path. */
size_t config_export_file_count(const struct config_export *export);
const char *config_export_file(const struct config_export *export, size_t index,
			       char path[PATH_MAX]);

/* Lines of a list's files that could not be read and were skipped. */
size_t list_input_skipped_lines(const struct list_input *input);

/* "fail", "skip", indexed by skips_bad_lines. */
extern const char *const on_error_names[2];

/* "", "refuse", "cut", indexed by enum host_bits. */
extern const char *const host_bits_names[HOST_BITS_COUNT];

#endif
