/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that send one request and show one answer. */
#ifndef CTL_EXCHANGE_H
#define CTL_EXCHANGE_H

#include "ctl/client.h"
#include "ctl/writer.h"

/* Send @request and have @write show the answer, between writer_begin() and
 * writer_end(). An answer without the member @required is reported instead. */
enum ctl_exit exchange(const struct arguments *arguments, const struct request *request,
		       const char *required,
		       void (*write)(struct writer *writer, const json_t *answer));

/* Warnings of an answer, on standard error. */
void exchange_print_warnings(const json_t *answer);

#endif
