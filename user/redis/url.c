// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads URLs of servers. It looks nothing up. */
#include "redis/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/number.h"

#define PORT_DEFAULT 6379
#define PORT_SENTINEL 26379
#define DATABASE_MAX 65535

static const struct scheme {
	const char *prefix;
	bool is_tls;
	bool is_sentinel;
} schemes[] = {
	{ "redis://", false, false },
	{ "rediss://", true, false },
	{ "redis-sentinel://", false, true },
	{ "rediss-sentinel://", true, true },
};

static bool host_has_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || strchr(".-_:%", byte);
}

static bool copy_host(const char *text, size_t bytes, struct redis_place *place)
{
	if (!bytes || bytes >= sizeof(place->host))
		return false;
	for (size_t i = 0; i < bytes; i++) {
		if (!text[i] || !host_has_byte(text[i]))
			return false;
	}
	memcpy(place->host, text, bytes);
	place->host[bytes] = '\0';
	return true;
}

static bool parse_port(const char *text, size_t bytes, uint16_t *ret_port)
{
	char digits[6];
	int64_t port;

	if (bytes >= sizeof(digits))
		return false;
	memcpy(digits, text, bytes);
	digits[bytes] = '\0';
	if (!number_parse(digits, 1, UINT16_MAX, &port))
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. */
static const char *parse_place(const char *text, size_t bytes, uint16_t port,
			       struct redis_place *place)
{
	const char *const end = text + bytes;
	const char *host = text, *host_end, *rest;

	if (bytes && *text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', bytes);
		if (!host_end)
			return "must have \"]\" after an IPv6 address";
		rest = host_end + 1;
	} else {
		host_end = memchr(text, ':', bytes);
		if (!host_end)
			host_end = end;
		else if (memchr(host_end + 1, ':', (size_t)(end - host_end - 1)))
			return "must have brackets around an IPv6 address";
		rest = host_end;
	}
	if (!copy_host(host, (size_t)(host_end - host), place))
		return "must name a host";
	place->port = port;
	if (rest == end)
		return NULL;
	if (*rest != ':' || !parse_port(rest + 1, (size_t)(end - rest - 1), &place->port))
		return "must have a port from 1 to 65535 after \":\"";
	return NULL;
}

static const char *parse_unix(const char *path, struct redis_url *url)
{
	/* unix:///PATH is common, too. */
	if (!strncmp(path, "//", 2))
		path += 2;
	if (*path != '/')
		return "must have an absolute path after \"unix:\"";
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "has a path that is too long for a socket";
	memcpy(url->places[0].host, path, strlen(path) + 1);
	url->place_count = 1;
	return NULL;
}

static const char *parse_places(const char *text, size_t bytes, uint16_t port,
				struct redis_url *url)
{
	const char *const end = text + bytes;

	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *place_end = comma ? comma : end;
		const char *problem;

		if (url->place_count == REDIS_PLACES_MAX)
			return "names too many hosts";
		problem = parse_place(text, (size_t)(place_end - text), port,
				      &url->places[url->place_count]);
		if (problem)
			return problem;
		url->place_count++;
		if (!comma)
			return NULL;
		text = comma + 1;
	}
}

static const char *parse_rest(const char *rest, bool is_sentinel, struct redis_url *url)
{
	char database_text[8] = "";
	const char *master = strchr(rest, '#');
	const size_t bytes = master ? (size_t)(master - rest) : strlen(rest);
	int64_t database = 0;

	if (is_sentinel && (!master || !master[1] || strlen(master + 1) >= sizeof(url->master)))
		return "must end with \"#\" and the name of the master";
	if (!is_sentinel && master)
		return "must not have \"#\"";
	if (master)
		memcpy(url->master, master + 1, strlen(master + 1) + 1);
	if (bytes <= 1)
		return NULL;
	if (bytes - 1 < sizeof(database_text))
		memcpy(database_text, rest + 1, bytes - 1);
	if (!number_parse(database_text, 0, DATABASE_MAX, &database))
		return "must have the number of a database after \"/\"";
	url->database = (unsigned int)database;
	return NULL;
}

static const char *parse_url(const char *text, struct redis_url *url)
{
	const struct scheme *scheme = NULL;
	const char *problem;
	size_t bytes;

	if (!strncmp(text, "unix:", 5))
		return parse_unix(text + 5, url);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)))
			scheme = &schemes[i];
	}
	if (!scheme)
		return "must begin with redis://, rediss://, redis-sentinel://, "
		       "rediss-sentinel:// or unix:/";
	url->is_tls = scheme->is_tls;
	text += strlen(scheme->prefix);
	bytes = strcspn(text, "/#");
	if (memchr(text, '@', bytes))
		return "must not contain a user or a password: they have their own keys";
	problem =
	    parse_places(text, bytes, scheme->is_sentinel ? PORT_SENTINEL : PORT_DEFAULT, url);
	return problem ? problem : parse_rest(text + bytes, scheme->is_sentinel, url);
}

int redis_url_parse(const char *text, struct redis_url *ret_url, const char **ret_problem)
{
	struct redis_url url = { .place_count = 0 };
	const char *problem = parse_url(text, &url);

	if (problem) {
		*ret_problem = problem;
		return -EINVAL;
	}
	*ret_url = url;
	return 0;
}

int redis_place_parse(const char *text, struct redis_place *ret_place)
{
	const char *colon = strrchr(text, ':');
	struct redis_place place;

	if (!colon || !copy_host(text, (size_t)(colon - text), &place) ||
	    !parse_port(colon + 1, strlen(colon + 1), &place.port))
		return -EINVAL;
	*ret_place = place;
	return 0;
}

const char *redis_place_format(const struct redis_place *place, char text[REDIS_PLACE_TEXT_BYTES])
{
	if (!place->port)
		snprintf(text, REDIS_PLACE_TEXT_BYTES, "%s", place->host);
	else
		snprintf(text, REDIS_PLACE_TEXT_BYTES,
			 strchr(place->host, ':') ? "[%s]:%u" : "%s:%u", place->host, place->port);
	return text;
}
