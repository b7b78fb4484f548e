/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the formats for BGP speakers, for the table in writers.c. */
#ifndef FORMATS_WRITERS_BGP_H
#define FORMATS_WRITERS_BGP_H

#include "formats/layout.h"

void bird_begin(struct export_writer *writer);
void bird_write(struct export_writer *writer, const struct prefix_node *node);
void bird_end(struct export_writer *writer);

void openbgpd_begin(struct export_writer *writer);
void openbgpd_write(struct export_writer *writer, const struct prefix_node *node);
void openbgpd_end(struct export_writer *writer);

void exabgp_begin(struct export_writer *writer);
void exabgp_write(struct export_writer *writer, const struct prefix_node *node);
void exabgp_end(struct export_writer *writer);

#endif
