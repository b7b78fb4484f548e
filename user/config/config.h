/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the configuration file: settings, and the policy with its lists and list files. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "base/file_identity.h"
#include "config/feed_config.h"
#include "config/fleet_config.h"
#include "config/learn.h"
#include "config/rescue_config.h"
#include "config/resolver_config.h"
#include "config/web_config.h"
#include "core/flood.h"
#include "core/guard.h"
#include "core/limits.h"
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
#define CONFIG_DEFAULT_GUARD_DELETIONS 20

#define HISTORY_DEFAULT_KEEP_SEC (400 * 86400)
#define HISTORY_DEFAULT_SAMPLE_SEC 300

/* How long changes and hits are remembered. */
struct history_settings {
	int64_t keep_sec;   /* changes, and hits of entries no longer listed */
	int64_t sample_sec; /* how often the counters of entries are read */
};

/* Which attempts of sources that block lists match are remembered and told. */
struct seen_settings {
	int64_t keep_sec;	     /* 0: nothing is stored */
	uint32_t max_rows;	     /* of what is stored */
	uint32_t journal_per_minute; /* lines; 0: none */
};

/* Which of these attempts the kernel reports. */
struct event_settings {
	uint32_t per_second;	    /* of all sources; 0: it reports none */
	uint32_t per_source_minute; /* of each source */
};

#define EVENTS_DEFAULT_PER_SECOND 1000
#define EVENTS_DEFAULT_PER_SOURCE_MINUTE 60

#define SEEN_DEFAULT_KEEP_SEC (7 * 86400)
#define SEEN_DEFAULT_MAX_ROWS 200000
#define SEEN_DEFAULT_JOURNAL_PER_MINUTE 60

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
	/* What to do when the file has changed. At most one of the two is set; NULL: not this. */
	char **after;  /* a command to run, ended by NULL */
	char *service; /* a service to reload */
};

/* A list file, and the result of reading it. */
struct list_file {
	char *path;
	struct file_identity identity; /* when it was opened */
	struct format_result result;
	struct line_prints *prints; /* of its lines; NULL: there are none */
};

/* How a list reads its files. */
struct list_input {
	enum format format;   /* `format:` */
	bool skips_bad_lines; /* `on_error: skip` */
	enum host_bits host_bits;
	struct select select; /* of records in the files */
	enum trust min_trust; /* of records of dnswl */
	struct list_file *files;
	size_t file_count;
	struct entry_set *set;	     /* the entries of the files, for the prints; NULL: none */
	struct diagnostics warnings; /* of reading the files */
	/* The files give the same entries as long as they do not change: none expires. */
	bool is_lasting;
};

struct config {
	char **interfaces;
	uint32_t *interface_lines; /* of each in the configuration */
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
	struct event_settings events;
	struct seen_settings seen;
	struct limits limits; /* for unlisted sources */
	struct flood flood;
	struct feed_config *feeds; /* of all lists */
	size_t feed_count;
	struct feed_config *domains; /* of all lists */
	size_t domain_count;
	struct resolver_settings resolver;
	struct prefix *protected; /* no feed may block these */
	size_t protected_count;
	struct learn_settings learn;
	struct rescue_settings rescue;
	struct fleet_settings fleet;
	struct web_settings web;
	struct config_export *exports;
	size_t export_count;
	struct policy *policy;		/* from configuration and files; may be taken */
	struct list_input *list_inputs; /* indexed like the lists of the policy */
	size_t list_input_count;
};

/* The feeds of one kind. */
struct feed_configs config_feeds(const struct config *config, enum feed_kind kind);
bool config_has_feeds(const struct config *config);

struct snapshot;

/**
 * config_load() - read a configuration and all its list files
 * @path: of the YAML file
 * @former: lists whose files have not changed since get its entries; NULL: all are read
 * @diagnostics: initialised; errors and warnings are added
 * @ret_config: untouched on error; to be freed with config_free()
 *
 * Return: 0; -EINVAL: at least one error was added; -ENOMEM.
 */
int config_load(const char *path, const struct snapshot *former, struct diagnostics *diagnostics,
		struct config **ret_config);
void config_free(struct config *config);

/* Add a warning for each interface that this host does not have now, for a person who checks a
 * configuration. @path: as in config_load(). */
void config_check_devices(const struct config *config, const char *path,
			  struct diagnostics *diagnostics);

/**
 * config_read_bpffs_dir() - find out where ipwl is pinned
 * @ret_dir: to be freed; the default if the file names none
 *
 * Other errors in the file are ignored, and no list file is read. Return: 0; -EINVAL: the file
 * does not tell, or does not exist; -ENOMEM.
 */
int config_read_bpffs_dir(const char *path, char **ret_dir);
/* The same for the directory of the socket and of the rule file. */
int config_read_runtime_dir(const char *path, char **ret_dir);
/* The same for the directory of state.db. */
int config_read_state_dir(const char *path, char **ret_dir);

/* The number of files of an export, and the path of each. The second function returns @path. */
size_t config_export_file_count(const struct config_export *export);
const char *config_export_file(const struct config_export *export, size_t index,
			       char path[PATH_MAX]);

/* The number of bad lines that were skipped in a list's files. */
size_t list_input_skipped_lines(const struct list_input *input);

/* "fail", "skip", indexed by skips_bad_lines. */
extern const char *const on_error_names[2];

/* "", "refuse", "cut", indexed by enum host_bits. */
extern const char *const host_bits_names[HOST_BITS_COUNT];

#endif
