/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of an import. */
#ifndef API_IMPORT_H
#define API_IMPORT_H

/* Largest list, packed or not, that is taken. */
#define IMPORT_BYTES_MAX (64U << 20)

#endif
