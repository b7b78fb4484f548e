// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the right server: asks sentinels for the master, gives the password, makes sure that the
 * server is a master, and leaves one that says it is not the right one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "redis/internal.h"

/* Of what a server says, so much is repeated. */
#define QUOTE_BYTES 200

static bool begins_with(const char *text, const char *beginning)
{
	return !strncmp(text, beginning, strlen(beginning));
}

/* A server's text may contain anything. Returns @quote. */
static const char *quote_error(const char *error, char quote[QUOTE_BYTES])
{
	snprintf(quote, QUOTE_BYTES, "%s", error);
	for (char *at = quote; *at; at++) {
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
	}
	return quote;
}

static void send_or_lose(struct redis_client *client, size_t count, const char *const arguments[],
			 redis_done *done)
{
	const int err = client_send(client, count, arguments, NULL, 0, done, NULL);

	if (err)
		client_lose(client, "cannot ask %s: %s", client->place_text, strerror(-err));
}

/* ---- server ---------------------------------------------------------------- */

static const char *user_name(const struct redis_client *client)
{
	return client->user ? client->user : "default";
}

static void server_authenticated(struct redis_client *client, const struct redis_reply *reply,
				 void *argument)
{
	char quote[QUOTE_BYTES];

	(void)argument;
	if (reply && reply->type == REDIS_ERROR)
		client_lose(client, "%s refuses the password of the user %s: %s",
			    client->place_text, user_name(client), quote_error(reply->text, quote));
}

static void server_selected(struct redis_client *client, const struct redis_reply *reply,
			    void *argument)
{
	char quote[QUOTE_BYTES];

	(void)argument;
	if (reply && reply->type == REDIS_ERROR)
		client_lose(client, "%s refuses the database %u: %s", client->place_text,
			    client->url.database, quote_error(reply->text, quote));
}

static void server_told_role(struct redis_client *client, const struct redis_reply *reply,
			     void *argument)
{
	const char *role;
	char quote[QUOTE_BYTES];

	(void)argument;
	if (!reply)
		return;
	if (reply->type == REDIS_ERROR) {
		client->role_is_secret = begins_with(reply->text, "NOPERM");
		if (!client->role_is_secret)
			client_lose(client, "%s does not accept commands: %s", client->place_text,
				    quote_error(reply->text, quote));
		return;
	}
	role = reply->type == REDIS_ARRAY && reply->element_count ? reply->elements[0].text : NULL;
	if (!role || strcmp(role, "master") != 0)
		client_lose(client, "%s is no master but a %s", client->place_text,
			    role ? quote_error(role, quote) : "stranger");
}

/* A server that still loads its data tells its role, but does not execute this. */
static void server_ponged(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	char quote[QUOTE_BYTES];

	(void)argument;
	if (!reply)
		return;
	if (reply->type == REDIS_ERROR && !begins_with(reply->text, "NOPERM"))
		client_lose(client, "%s does not accept commands: %s", client->place_text,
			    quote_error(reply->text, quote));
	else
		client_set_ready(client);
}

static void greet_server(struct redis_client *client)
{
	const char *const with_user[] = { "AUTH", user_name(client), client->password };
	const uint64_t generation = client->generation;
	char database[16];

	if (client->password)
		send_or_lose(client, 3, with_user, server_authenticated);
	if (client->url.database && client->generation == generation) {
		snprintf(database, sizeof(database), "%u", client->url.database);
		send_or_lose(client, 2, (const char *const[]) { "SELECT", database },
			     server_selected);
	}
	if (client->generation == generation)
		send_or_lose(client, 1, (const char *const[]) { "ROLE" }, server_told_role);
	if (client->generation == generation)
		send_or_lose(client, 1, (const char *const[]) { "PING" }, server_ponged);
}

void client_check(struct redis_client *client)
{
	if (client->role_is_secret)
		send_or_lose(client, 1, (const char *const[]) { "PING" }, NULL);
	else
		send_or_lose(client, 1, (const char *const[]) { "ROLE" }, server_told_role);
}

/* ---- sentinel -------------------------------------------------------------- */

static bool read_master(const struct redis_reply *reply, struct redis_place *ret_place)
{
	char text[REDIS_PLACE_TEXT_BYTES];

	if (reply->type != REDIS_ARRAY || reply->element_count != 2 || !reply->elements[0].text ||
	    !reply->elements[1].text)
		return false;
	snprintf(text, sizeof(text), "%s:%s", reply->elements[0].text, reply->elements[1].text);
	return !redis_place_parse(text, ret_place);
}

static void sentinel_answered(struct redis_client *client, const struct redis_reply *reply,
			      void *argument);

static void ask_sentinel(struct redis_client *client)
{
	send_or_lose(
	    client, 3,
	    (const char *const[]) { "SENTINEL", "get-master-addr-by-name", client->url.master },
	    sentinel_answered);
}

/* A sentinel without a password refuses one, so none is given before it is asked for. */
static void authenticate_sentinel(struct redis_client *client)
{
	const uint64_t generation = client->generation;

	send_or_lose(client, 3,
		     (const char *const[]) { "AUTH", user_name(client), client->password },
		     server_authenticated);
	if (client->generation == generation)
		ask_sentinel(client);
}

static void sentinel_answered(struct redis_client *client, const struct redis_reply *reply,
			      void *argument)
{
	char quote[QUOTE_BYTES];

	(void)argument;
	if (!reply)
		return;
	if (reply->type == REDIS_ERROR && begins_with(reply->text, "NOAUTH") && client->password)
		authenticate_sentinel(client);
	else if (reply->type == REDIS_ERROR)
		client_lose(client, "the sentinel %s does not answer: %s", client->place_text,
			    quote_error(reply->text, quote));
	else if (!read_master(reply, &client->target))
		client_lose(client, "the sentinel %s does not know the master %s",
			    client->place_text, client->url.master);
	else
		client_go_to_target(client, NULL);
}

void client_greet(struct redis_client *client)
{
	if (client->at_sentinel)
		ask_sentinel(client);
	else
		greet_server(client);
}

/* ---- errors ---------------------------------------------------------------- */

/* "MOVED SLOT HOST:PORT"; without a HOST: the one that says it. */
static bool read_moved(const struct redis_client *client, const char *error,
		       struct redis_place *ret_place)
{
	const char *place = strrchr(error, ' ');
	char text[REDIS_PLACE_TEXT_BYTES + 8];

	if (!place)
		return false;
	if (place[1] != ':')
		return !redis_place_parse(place + 1, ret_place);
	snprintf(text, sizeof(text), "%s%s", client->here.host, place + 1);
	return !redis_place_parse(text, ret_place);
}

bool client_leaves_for(struct redis_client *client, const char *error)
{
	/* The server is not, or not yet, the one that executes commands of ours. */
	static const char *const reasons[] = { "READONLY ",    "LOADING ",   "MASTERDOWN ",
					       "CLUSTERDOWN ", "TRYAGAIN ",  "ASK ",
					       "NOAUTH ",      "UNBLOCKED ", "MOVED " };
	const bool is_moved = begins_with(error, "MOVED ");
	char quote[QUOTE_BYTES], why[CLIENT_WHY_BYTES];
	struct redis_place target;
	size_t i = 0;

	while (i < sizeof(reasons) / sizeof(reasons[0]) && !begins_with(error, reasons[i]))
		i++;
	if (i == sizeof(reasons) / sizeof(reasons[0])) {
		client->is_redirected = false;
		return false;
	}
	/* One redirection leads to the right server, if the cluster is whole. */
	if (is_moved && !client->is_redirected && read_moved(client, error, &target)) {
		client->is_redirected = true;
		client->target = target;
		snprintf(why, sizeof(why), "%s names another server: %s", client->place_text,
			 quote_error(error, quote));
		client_go_to_target(client, why);
	} else {
		client_lose(client, "%s does not execute commands: %s", client->place_text,
			    quote_error(error, quote));
	}
	return true;
}
