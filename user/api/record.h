/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the history as JSON, the RECORD of docs/control-api.md. */
#ifndef API_RECORD_H
#define API_RECORD_H

#include <jansson.h>

#include "store/history_read.h"

/* Maximum number of changes in a RECORD, because an import may have made a million. */
#define HISTORY_JSON_CHANGES_MAX 100

/**
 * history_record_json() - describe a record with its changes
 * @filter: for the changes; NULL: all
 * @ret_json: the caller releases it
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int history_record_json(struct state *state, const struct history_record *record,
			const struct history_filter *filter, json_t **ret_json);

#endif
