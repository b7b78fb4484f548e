/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence as text, one line an item:
 *
 *	SOURCE KIND TIME ADDRESS DOMAIN NAME PERSON RECIPIENTS
 *	postfix sent 1764365586 192.0.2.101 partner.test mx.partner.test alice@home.test 1
 *
 * One blank separates two fields. TIME is Unix time in seconds. "-" means unknown. In DOMAIN,
 * NAME and PERSON each byte that is not printable ASCII, each "%", and a "-" that is a field by
 * itself, is written as "%" and two hexadecimal digits.
 */
#ifndef LEARN_EVIDENCE_LINE_H
#define LEARN_EVIDENCE_LINE_H

#include <stddef.h>

#include "learn/evidence.h"

/* Room for any line with its newline and a NUL: each byte of the strings may become three. */
#define EVIDENCE_LINE_BYTES                                                                        \
	(3 * (2 * EVIDENCE_DOMAIN_BYTES + EVIDENCE_PERSON_BYTES) + PREFIX_TEXT_BYTES + 80)

/* Write the line, with a newline and a NUL. Return: its length without the NUL. */
size_t evidence_line_write(const struct evidence *evidence, char line[EVIDENCE_LINE_BYTES]);

/**
 * evidence_line_read() - read one line, whoever wrote it
 * @line: without the newline; needs no NUL
 * @ret_evidence: keeps every promise of struct evidence
 *
 * Return: NULL, or what is wrong with the line; then @ret_evidence is untouched.
 */
const char *evidence_line_read(const char *line, size_t bytes, struct evidence *ret_evidence);

/* Whether @text can be a domain in struct evidence: of labels of lower-case letters, digits,
 * "-" and "_", and not an address. */
bool evidence_is_domain(const char *text);

#endif
