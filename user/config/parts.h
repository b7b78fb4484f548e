/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the readers of the configuration. Other files include config.h. */
#ifndef CONFIG_PARTS_H
#define CONFIG_PARTS_H

#include "config/config.h"
#include "config/document.h"
#include "config/file_names.h"

struct collector;

enum setting {
	SETTING_INTERFACES,
	SETTING_XDP_MODE,
	SETTING_PORTS,
	SETTING_MODE,
	SETTING_STATE_DIR,
	SETTING_RUNTIME_DIR,
	SETTING_BPFFS_DIR,
	SETTING_METRICS,
	SETTING_INDEX,
	SETTING_GUARD,
	SETTING_MARK_MASK,
	SETTING_LISTS,
	SETTING_PROTECTED,
	SETTING_HISTORY,
	SETTING_EXPORTS,
	SETTING_LEARN,
	SETTING_RESOLVER,
	SETTING_WEB,
	SETTING_EVENTS,
	SETTING_SEEN,
	SETTING_LIMITS,
	SETTING_FLOOD,
	SETTING_RESCUE,
	SETTING_FLEET,
	SETTING_COUNT,
};

enum mode { MODE_MONITOR, MODE_ENFORCE, MODE_COUNT };

/* "monitor", "enforce", for the daemon and for a block list. */
extern const char *const mode_names[MODE_COUNT];

/* The readers add errors to the document's diagnostics and continue. They return 0 or -ENOMEM.
 * A value is NULL if its key is absent. */

/* Read all settings except `mark_mask` and `lists`. */
int settings_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
		  struct config *config);

/* Read the lists with their inline entries, files and feeds, and `mark_mask`, which is their
 * default. @former: as in config_load(). */
int lists_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
	       const struct snapshot *former, struct config *config);

/* Read the feeds of one list, and append them to those of the configuration. */
int feeds_read(struct document *document, const yaml_node_t *node, const struct list *list,
	       struct config *config);

/* Read the domains of one list, and append them to those of the configuration. */
int domains_read(struct document *document, const yaml_node_t *node, const struct list *list,
		 struct config *config);

/* Set the kind and the defaults of a domain, but not its name and list. */
void domain_set_defaults(struct feed_config *domain, const struct config *config);

/* Read `resolver`. @node may be NULL: the defaults. */
int resolver_read(struct document *document, const yaml_node_t *node,
		  struct resolver_settings *settings);
void resolver_done(struct resolver_settings *settings);

/* Read `rescue`. The policy must have its lists, and the events must be known. @node may be NULL:
 * there is none. */
int rescue_read(struct document *document, const yaml_node_t *node, struct config *config);

/* Read `fleet`. @node may be NULL: there is none. */
int fleet_read(struct document *document, const yaml_node_t *node, struct fleet_settings *settings);

/* Read `web`. @node may be NULL: there is no page. */
int web_read(struct document *document, const yaml_node_t *node, struct web_settings *settings);
void web_settings_done(struct web_settings *settings);

/* Describe the feeds of a list: each with its URL and the settings that differ from the
 * default. The text is empty if there is none. The caller frees it. NULL: out of memory. */
char *feeds_text(const struct config *config, enum feed_kind kind, const char *list);

/* Read the prefixes that no feed may block. */
int protected_read(struct document *document, const yaml_node_t *node, struct config *config);
/* Read `format`, `on_error` and `host_bits` of a list. Each may be NULL. */
void list_input_read(struct document *document, const yaml_node_t *format,
		     const yaml_node_t *on_error, const yaml_node_t *host_bits,
		     struct list_input *input);

/* Read `min_trust` of a list or feed in that format. @node may be NULL: by the format. */
void min_trust_read(struct document *document, const yaml_node_t *node, enum format format,
		    enum trust *ret_trust);

/* Read `select` into @select, which must be zeroed. Return: 0, even if errors were added; -ENOMEM.
 */
int select_read(struct document *document, const yaml_node_t *node, struct select *select);

/* Read the ports that a list is for. @node may be NULL: all. */
int list_ports_read(struct document *document, const yaml_node_t *node, const struct config *config,
		    struct list *list);
/* Check that the ports of all lists make no more groups than there can be. */
int list_ports_check(struct document *document, const yaml_node_t *lists,
		     const struct config *config);
/* Write "25, 587", or as many as fit. Empty: all ports. */
void list_ports_format(const struct list *list, char *text, size_t size);

/* Read the lane of a list whose ports are known. @node may be NULL: there is none. */
int lane_read(struct document *document, const yaml_node_t *node, const struct config *config,
	      struct list *list);
/* Read ADDRESS:PORT of one family, the value of @key. @example: shown if it is something else.
 * Return: 0; -EINVAL: an error was added; -ENOMEM. */
int lane_end_read(struct document *document, const yaml_node_t *node, const char *key,
		  enum family family, const char *example, struct lane_end *ret_end);
/* Write "127.0.0.1:10025, [::1]:10025 from port 25", or as much as fits. */
void lane_format(const struct lane *lane, char *text, size_t size);

/* Read where ipwl-reject listens for a list with on_block: reject, which is known. @node may be
 * NULL: the defaults. */
int reject_read(struct document *document, const yaml_node_t *node, const struct config *config,
		struct list *list);
/* Check that no blocked connection gets to the lane of an allow list. @places: of the lists. */
void reject_check(const struct policy *policy, const struct place *places,
		  struct diagnostics *diagnostics);
/* Write "127.0.0.1:10026, [::1]:10026, 20 a second", or as much as fits. */
void reject_format(const struct lane *lane, char *text, size_t size);

/* Read all files of a list into one set, even if some have errors. If they have not changed since
 * @former (or NULL) was made, its list has the set. */
int list_files_read(const struct file_names *names, const struct snapshot *former,
		    struct diagnostics *diagnostics, struct list_input *input, struct list *list);
void list_input_done(struct list_input *input);

/* Read the exports. The policy must have its lists. @node may be NULL: there are none. */
int exports_read(struct document *document, const yaml_node_t *node, struct config *config);
void exports_free(struct config *config);

/* Read `learn`. The policy must have its lists. @node may be NULL: nothing is learned. */
int learn_read(struct document *document, const yaml_node_t *node, const struct policy *policy,
	       struct learn_settings *settings);

/* Read `events`. @node may be NULL: the defaults. */
void events_read(struct document *document, const yaml_node_t *node,
		 struct event_settings *settings);

/* Read `seen`. @node may be NULL: the defaults. */
void seen_read(struct document *document, const yaml_node_t *node, struct seen_settings *settings);

/* Read `limits`. @node may be NULL: there are none. */
void limits_read_config(struct document *document, const yaml_node_t *node, struct limits *limits);
/* Add what differs. */
void limits_compare(struct collector *settings, const struct limits *from, const struct limits *to);

/* Read `flood`. @node may be NULL: there is no shield. */
void flood_read_config(struct document *document, const yaml_node_t *node, struct flood *flood);
/* Add what differs, but for the time. */
void flood_compare(struct collector *settings, const struct flood *from, const struct flood *to);

/* Warn of prefixes that a list has twice, or both as entry and exclusion. @place is the place
 * of the list, for the warning that counts the others. */
void list_check(const struct list *list, const struct place *place,
		struct diagnostics *diagnostics);

#endif
