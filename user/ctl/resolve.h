/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts ipwl-resolve, and waits for its result. */
#ifndef CTL_RESOLVE_H
#define CTL_RESOLVE_H

#include "dns/request.h"
#include "dns/result.h"

/* Do what @request asks for. @ret_result: to be freed with dns_result_done(). Return: 0; -errno:
 * an error was printed. */
int resolve_ask(const struct dns_request *request, struct dns_result *ret_result);

#endif
