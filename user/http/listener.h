/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listeners that do not spin while no descriptor is free. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <event2/listener.h>

/* Stop accepting when accept fails; evconnlistener_enable() begins again. */
void listener_guard(struct evconnlistener *listener);

#endif
