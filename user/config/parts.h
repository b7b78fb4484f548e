/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of the configuration share; others include config.h. */
#ifndef CONFIG_PARTS_H
#define CONFIG_PARTS_H

#include "config/config.h"
#include "config/document.h"
#include "config/file_names.h"

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
	SETTING_COUNT,
};

enum mode { MODE_MONITOR, MODE_ENFORCE, MODE_COUNT };

/* "monitor", "enforce", for the daemon and for a block list. */
extern const char *const mode_names[MODE_COUNT];

/* The readers add errors to the document's diagnostics and go on; what they return
 * is 0 or -ENOMEM. Values are NULL where their keys are absent. */

/* All settings but `mark_mask` and `lists`. */
int settings_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
		  struct config *config);

/* The lists with their inline entries, files and feeds, and `mark_mask`, their
 * default. */
int lists_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
	       struct config *config);

/* The feeds of one list, appended to those of the configuration. */
int feeds_read(struct document *document, const yaml_node_t *node, const struct list *list,
	       struct config *config);

/* The feeds of a list, each with its url and what is not as by default, as text; empty: it
 * has none. To be freed; NULL: out of memory. */
char *feeds_text(const struct config *config, const char *list);

/* Prefixes that no feed may block. */
int protected_read(struct document *document, const yaml_node_t *node, struct config *config);
/* `format`, `on_error` and `host_bits` of a list; each may be NULL. */
void list_input_read(struct document *document, const yaml_node_t *format,
		     const yaml_node_t *on_error, const yaml_node_t *host_bits,
		     struct list_input *input);

/* Read a list's files into one set, all of them even if some have errors. */
int list_files_read(const struct file_names *names, struct diagnostics *diagnostics,
		    struct list_input *input, struct list *list);
void list_input_done(struct list_input *input);

/* The exports, once the policy has its lists; NULL: none. */
int exports_read(struct document *document, const yaml_node_t *node, struct config *config);
void exports_free(struct config *config);

/* Warn of prefixes that a list has twice, or as entry and exclusion; @place is that
 * of the list, for how many more there are. */
void list_check(const struct list *list, const struct place *place,
		struct diagnostics *diagnostics);

#endif
