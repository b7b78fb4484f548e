/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries as JSON, the ENTRY of docs/control-api.md. */
#ifndef API_ENTRY_H
#define API_ENTRY_H

#include <event2/http.h>
#include <jansson.h>
#include <stdbool.h>

#include "core/policy.h"
#include "engine/view.h"

/* @rule: the id of the rule that counts for the entry; 0: none. NULL: out of memory. */
json_t *entry_json(const struct entry_view *view, const struct list *list,
		   const struct entry *entry, uint32_t rule);

/* The same for an exclusion, without the members that only entries have. */
json_t *exclusion_json(const struct list *list, const struct entry *exclusion);

/* Read the source that a request asks for. NULL: any. Return: 0; -EINVAL: an error was sent. */
int entry_choose_source(struct evhttp_request *request, const char *name, bool *ret_has_source,
			enum source *ret_source);

#endif
