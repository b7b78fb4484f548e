/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading a list came to, as JSON. */
#ifndef DAEMON_FORMAT_JSON_H
#define DAEMON_FORMAT_JSON_H

#include <jansson.h>

#include "../config/format.h"

json_t *format_json(const struct format_result *result);

#endif
