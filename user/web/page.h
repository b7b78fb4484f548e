/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status page: a listener of its own that only shows. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "config/web_config.h"

#define PAGE_ERROR_BYTES 512

struct page;
struct runtime;

/* Return: 0 or -ENOMEM. */
int page_open(struct runtime *runtime, struct page **ret_page);
/* After the worker has stopped. NULL is fine. */
void page_close(struct page *page);

/**
 * page_configure() - serve where the settings say, with the token that their file has now
 *
 * Return: 0; -errno: it does not serve, and @error says why. page_retry() tries again.
 */
int page_configure(struct page *page, const struct web_settings *settings,
		   char error[PAGE_ERROR_BYTES]);
void page_retry(struct page *page);

#endif
