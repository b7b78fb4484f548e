/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads when an entry expires. */
#ifndef FORMATS_EXPIRY_H
#define FORMATS_EXPIRY_H

#include "formats/reading.h"

/* Read a time ("2026-12-31T23:59:59Z", also with a blank instead of the T), a duration from the
 * time of the data ("30d", "1h30m"), or nothing ("", "never"). @ret_expires_sec: untouched if the
 * entry never expires. Returns false if it is another text, which was reported. */
bool expiry_read(struct reading *reading, const struct token *field, int64_t *ret_expires_sec);

/* The time @sec seconds after that of the data. It is never 0, which would mean never. */
int64_t expiry_after(const struct reading *reading, int64_t sec);

#endif
