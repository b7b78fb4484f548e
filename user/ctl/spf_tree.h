/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expansion of an SPF record as a tree, in JSON and as text. */
#ifndef CTL_SPF_TREE_H
#define CTL_SPF_TREE_H

#include <jansson.h>

#include "ctl/writer.h"
#include "dns/result.h"

/* Make an object of a result. NULL: out of memory. */
json_t *spf_tree_json(const struct dns_result *result);

/* Write a result as text: the tree, then both families, then the networks. */
void spf_tree_write(struct writer *writer, const struct dns_result *result);

#endif
