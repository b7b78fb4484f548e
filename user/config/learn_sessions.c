/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads how sessions are counted by the kernel. */
#include "config/learn_sessions.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "config/learn_mapping.h"
#include "config/parts.h"

enum learn_session_key {
	LEARN_SESSION_MODE,
	LEARN_SESSION_CGROUP,
	LEARN_SESSION_KEYS_OTHER,
};

static const char *const session_keys[LEARN_SESSION_KEYS_OTHER] = {
	[LEARN_SESSION_MODE] = "mode",
	[LEARN_SESSION_CGROUP] = "cgroup",
};

int learn_read_sessions(struct document *document, const yaml_node_t *node,
			struct learn_settings *settings)
{
	yaml_node_t *values[LEARN_KEYS_MAX] = { NULL };
	const char *cgroup;
	size_t choice;

	if (node)
		learn_read_mapping(document, &(struct learn_mapping) { node, "sessions" },
				   session_keys, LEARN_SESSION_KEYS_OTHER, &learn_session_fields,
				   values, settings);
	if (values[LEARN_SESSION_MODE] &&
	    document_choice(document, values[LEARN_SESSION_MODE], "mode", session_mode_names,
			    SESSION_MODE_COUNT, &choice))
		settings->sessions.mode = (enum session_mode)choice;
	cgroup = values[LEARN_SESSION_CGROUP]
		     ? document_text(document, values[LEARN_SESSION_CGROUP], "cgroup")
		     : NULL;
	if (!cgroup)
		return 0;
	if (*cgroup != '/' || strlen(cgroup) >= PATH_MAX) {
		document_error(document, values[LEARN_SESSION_CGROUP],
			       "cgroup: \"%.80s\" is not an absolute path: write the directory of "
			       "the cgroup, like /sys/fs/cgroup/system.slice",
			       cgroup);
		return 0;
	}
	settings->sessions.cgroup = strdup(cgroup);
	return settings->sessions.cgroup ? 0 : -ENOMEM;
}
