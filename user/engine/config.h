/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entry source of the configuration: lists, inline entries and list files. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "engine/source.h"

extern const struct entry_source config_source;

#endif
