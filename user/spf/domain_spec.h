/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of terms that name a domain: domain-spec and macro-string (RFC 7208, section 7.1). */
#ifndef SPF_DOMAIN_SPEC_H
#define SPF_DOMAIN_SPEC_H

#include <stdbool.h>
#include <stddef.h>

/* Whether @text is a macro-string. @is_explanation: the letters c, r and t are allowed. */
bool spf_is_macro_string(const char *text, size_t bytes, bool is_explanation);

/* Whether @text is a domain-spec: a macro-string that ends with a top-level label or a macro. */
bool spf_is_domain_spec(const char *text, size_t bytes);

#endif
