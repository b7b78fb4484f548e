/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of state.db, and the upgrades from earlier releases. */
#ifndef STORE_STATE_SCHEMA_H
#define STORE_STATE_SCHEMA_H

#include "store/database.h"

extern const struct database_schema state_schema;

#endif
