/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The token that a client must know. */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include <stdbool.h>

/* Values of the header "Authorization"; NULL: none is right. */
struct credentials {
	char *basic; /* with the user "ipwl" and the token as password */
	char *bearer;
};

/* Read the first line of a file. Return: 0; -EINVAL: it is no token; another -errno. */
int credentials_read(const char *path, struct credentials *ret_credentials);
void credentials_done(struct credentials *credentials);

/* Whether the client knows the token; @authorization may be NULL. Takes the same time whatever
 * part of the token is right. */
bool credentials_match(const struct credentials *credentials, const char *authorization);

#endif
