/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes the result of reading a list as JSON. */
#ifndef API_READ_RESULT_H
#define API_READ_RESULT_H

#include <jansson.h>

#include "formats/read.h"

json_t *format_json(const struct format_result *result);

#endif
