/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of domains. */
#ifndef WEB_DOMAINS_H
#define WEB_DOMAINS_H

struct exposition;
struct feeds;

/* No label holds a domain: there may be thousands, and they are partners. */
void domains_write(const struct feeds *domains, const struct exposition *to);

#endif
