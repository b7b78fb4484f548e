/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket serves. Each function answers its request, at once or when
 * the worker is done. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <event2/http.h>

struct runtime;

void control_status(struct runtime *runtime, struct evhttp_request *request);
void control_test(struct runtime *runtime, struct evhttp_request *request);
void control_list_entries(struct runtime *runtime, struct evhttp_request *request);
void control_add_entry(struct runtime *runtime, struct evhttp_request *request);
void control_delete_entry(struct runtime *runtime, struct evhttp_request *request);
void control_import(struct runtime *runtime, struct evhttp_request *request);
void control_reload(struct runtime *runtime, struct evhttp_request *request);
void control_feeds(struct runtime *runtime, struct evhttp_request *request);
void control_refresh_feeds(struct runtime *runtime, struct evhttp_request *request);
void control_accept_feed(struct runtime *runtime, struct evhttp_request *request);
void control_diff_feed(struct runtime *runtime, struct evhttp_request *request);
void control_lint(struct runtime *runtime, struct evhttp_request *request);
void control_diff(struct runtime *runtime, struct evhttp_request *request);
void control_history(struct runtime *runtime, struct evhttp_request *request);
void control_undo(struct runtime *runtime, struct evhttp_request *request);
void control_protect(struct runtime *runtime, struct evhttp_request *request);
void control_unprotect(struct runtime *runtime, struct evhttp_request *request);
void control_impact(struct runtime *runtime, struct evhttp_request *request);
void control_export(struct runtime *runtime, struct evhttp_request *request);
void control_detach(struct runtime *runtime, struct evhttp_request *request);

#endif
