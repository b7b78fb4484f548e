/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wishes that a service be reloaded, which somebody else fulfils. */
#ifndef EXPORTS_WISH_H
#define EXPORTS_WISH_H

#include "exports/file.h"

/**
 * wish_make() - make the empty file RUNTIME_DIR/after/SERVICE
 * @service: a file name
 *
 * Whoever fulfils the wish removes the file first. Return: 0; -EEXIST: nobody has taken the
 * wish before; -errno; @error says what would help.
 */
int wish_make(const char *runtime_dir, const char *service, char error[EXPORT_ERROR_BYTES]);

#endif
