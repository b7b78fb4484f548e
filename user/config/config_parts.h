/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of the configuration share; others include config.h. */
#ifndef CONFIG_PARTS_H
#define CONFIG_PARTS_H

#include "config.h"
#include "document.h"

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
	SETTING_MARK_MASK,
	SETTING_LISTS,
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

/* The lists with their inline entries and files, and `mark_mask`, their default. */
int lists_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
	       struct policy *policy);

/* Warn of prefixes that a list has twice, or as entry and exclusion; @place is that
 * of the list, for how many more there are. */
void list_check(const struct list *list, const struct place *place,
		struct diagnostics *diagnostics);

#endif
