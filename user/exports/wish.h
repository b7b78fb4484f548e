/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to reload a service, which the service manager carries out. */
#ifndef EXPORTS_WISH_H
#define EXPORTS_WISH_H

#include "exports/file.h"

/**
 * wish_make() - make the empty file RUNTIME_DIR/after/SERVICE
 * @service: a file name
 *
 * The service manager's unit removes the file before it acts. Return: 0; -EEXIST: nobody has
 * acted on the previous request; -errno; @error says what to do.
 */
int wish_make(const char *runtime_dir, const char *service, char error[EXPORT_ERROR_BYTES]);

#endif
