/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a listener does when accept fails. */
#include "http/listener.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

/* The connection still waits: asked again at once, the loop would turn for ever. */
static void on_error(struct evconnlistener *listener, void *context)
{
	(void)context;
	log_warning("listener", "a connection cannot be accepted now: %s", strerror(errno));
	evconnlistener_disable(listener);
}

void listener_guard(struct evconnlistener *listener)
{
	evconnlistener_set_error_cb(listener, on_error);
}
