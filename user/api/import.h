/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of an import. */
#ifndef API_IMPORT_H
#define API_IMPORT_H

/* Largest list that is accepted, packed or not. */
#define IMPORT_BYTES_MAX (64U << 20)

#endif
