/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cells in which the kernel notes how often sources were admitted, seen by a test that makes
 * time pass. */
#ifndef TESTS_BPF_LIB_CELLS_H
#define TESTS_BPF_LIB_CELLS_H

#include <stdint.h>

#include "core/prefix.h"
#include "lib_fixture.h"

#define MINUTE_NS 60000000000ULL

/* Remember a source as used. */
void cells_use_source(const struct fixture *fixture, const struct prefix *address);
/* Have minutes pass for all sources that were used. */
void cells_pass_minutes(const struct fixture *fixture, uint64_t minutes);
/* fixture_restart(), and the time that it takes does not count for the sources that were used. On
 * an emulated machine it may be minutes. */
void cells_restart_in_no_time(struct fixture *fixture);

#endif
