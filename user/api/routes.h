/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket serves. Each function answers its request, at once or when
 * the worker is done. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <event2/http.h>

struct daemon;

void control_status(struct daemon *daemon, struct evhttp_request *request);
void control_test(struct daemon *daemon, struct evhttp_request *request);
void control_list_entries(struct daemon *daemon, struct evhttp_request *request);
void control_add_entry(struct daemon *daemon, struct evhttp_request *request);
void control_delete_entry(struct daemon *daemon, struct evhttp_request *request);
void control_import(struct daemon *daemon, struct evhttp_request *request);
void control_reload(struct daemon *daemon, struct evhttp_request *request);
void control_feeds(struct daemon *daemon, struct evhttp_request *request);
void control_refresh_feeds(struct daemon *daemon, struct evhttp_request *request);
void control_accept_feed(struct daemon *daemon, struct evhttp_request *request);
void control_diff_feed(struct daemon *daemon, struct evhttp_request *request);
void control_lint(struct daemon *daemon, struct evhttp_request *request);
void control_diff(struct daemon *daemon, struct evhttp_request *request);
void control_history(struct daemon *daemon, struct evhttp_request *request);
void control_undo(struct daemon *daemon, struct evhttp_request *request);
void control_protect(struct daemon *daemon, struct evhttp_request *request);
void control_unprotect(struct daemon *daemon, struct evhttp_request *request);
void control_impact(struct daemon *daemon, struct evhttp_request *request);
void control_export(struct daemon *daemon, struct evhttp_request *request);
void control_detach(struct daemon *daemon, struct evhttp_request *request);

#endif
