/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to look addresses up in a DNS list, and what comes back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/listing.h"

static struct prefix address_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void test_names(void **state)
{
	char found[DNS_NAME_BYTES], zone[DNS_NAME_BYTES];
	struct prefix address = address_of("192.0.2.99");

	(void)state;
	assert_true(dns_listing_name(&address, "wl.test", found));
	assert_string_equal(found, "99.2.0.192.wl.test");
	/* RFC 5782, section 2.4. */
	address = address_of("2001:db8:1:2:3:4:567:89ab");
	assert_true(dns_listing_name(&address, "ugly.example.com", found));
	assert_string_equal(found, "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0."
				   "2.ugly.example.com");
	memset(zone, 'a', sizeof(zone) - 1);
	zone[DNS_NAME_BYTES - 1 - 64] = '\0';
	assert_true(dns_listing_name(&address, zone, found));
	assert_int_equal(strlen(found), DNS_NAME_BYTES - 1);
	zone[DNS_NAME_BYTES - 1 - 64] = 'a';
	zone[DNS_NAME_BYTES - 64] = '\0';
	assert_false(dns_listing_name(&address, zone, found));
}

static void test_request(void **state)
{
	static const char text[] = "kind list\nname wl.test\ntimeout_sec 5\n"
				   "addresses 192.0.2.1,2001:db8::1\n";
	static const char *const bad[] = {
		"kind list\nname wl.test\ntimeout_sec 5\n",
		"kind list\nname wl.test\ntimeout_sec 5\naddresses \n",
		"kind list\nname wl.test\ntimeout_sec 5\naddresses 192.0.2.0/24\n",
		"kind list\nname wl.test\ntimeout_sec 5\naddresses 192.0.2.1,\n",
		"kind host\nname wl.test\ntimeout_sec 5\naddresses 192.0.2.1\n",
	};
	struct dns_request request;
	char many[1024];
	size_t used;

	(void)state;
	assert_int_equal(dns_request_read(text, strlen(text), &request), 0);
	assert_int_equal(request.kind, DNS_LIST);
	assert_int_equal(request.address_count, 2);
	assert_int_equal(request.addresses[1].family, FAMILY_IPV6);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(dns_request_read(bad[i], strlen(bad[i]), &request), -EBADMSG);
	used = (size_t)snprintf(many, sizeof(many),
				"kind list\nname wl.test\ntimeout_sec 5\naddresses 192.0.2.1");
	for (int i = 1; i < DNS_ADDRESSES_MAX + 1; i++) {
		assert_int_equal(dns_request_read(many, used, &request), 0);
		assert_int_equal(request.address_count, i);
		used += (size_t)snprintf(many + used, sizeof(many) - used, ",192.0.2.%d", i);
	}
	assert_int_equal(dns_request_read(many, used, &request), -EBADMSG);
}

static const char listing_text[] = "listing 1\n"
				   "listed 192.0.2.1 ok 300 127.0.5.2 127.0.0.3\n"
				   "listed 2001:db8::1 no-domain 60\n"
				   "listed 192.0.2.2 no-record 0\n"
				   "listed 192.0.2.3 temporary 0\n"
				   "message the resolver did not answer in time\n"
				   "end\n";

static void test_there_and_back(void **state)
{
	struct dns_listing listing;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(dns_listing_read(listing_text, strlen(listing_text), &listing), 0);
	assert_int_equal(listing.count, 4);
	assert_int_equal(listing.items[0].answer_count, 2);
	assert_int_equal(listing.items[0].ttl_sec, 300);
	assert_int_equal(listing.items[1].status, DNS_NO_DOMAIN);
	assert_string_equal(listing.message, "the resolver did not answer in time");
	assert_int_equal(dns_listing_write(&listing, stream), 0);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text, listing_text);
	free(text);
}

static void assert_bad(const char *text)
{
	struct dns_listing listing;

	if (dns_listing_read(text, strlen(text), &listing) != -EBADMSG)
		fail_msg("it was read: %s", text);
}

static void test_bad(void **state)
{
	/* One more than there may be. */
	static const char nine[] = "listed 9.9.9.9 ok 1 127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 "
				   "127.0.0.5 127.0.0.6 127.0.0.7 127.0.0.8 127.0.0.9";
	static const char *const lines[] = {
		"listed 192.0.2.1 ok 300",
		"listed 192.0.2.1 ok 300 2001:db8::1",
		"listed 192.0.2.1 ok 300 127.0.0.0/8",
		"listed 192.0.2.1 no-domain 300 127.0.0.2",
		"listed 192.0.2.1 permanent 300",
		"listed 192.0.2.1 ok x 127.0.0.2",
		"listed 192.0.2.1 ok 4294967296 127.0.0.2",
		"listed 192.0.2.0/24 ok 300 127.0.0.2",
		"listed 192.0.2.1 ok 300 127.0.0.2 ",
		"listed 192.0.2.1",
		"listed",
		"message ",
		"message a\nmessage b",
		"message a\nlisted 192.0.2.1 no-domain 1",
		"prefix - 192.0.2.1/32",
		nine,
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text), "listing 1\n%s\nend\n", lines[i]);
		assert_bad(text);
	}
	assert_bad("");
	assert_bad("listing 2\nend\n");
	assert_bad("listing 1\nend\nend\n");
	/* Cut off anywhere. */
	for (size_t i = 0; i + 1 < sizeof(listing_text) - 1; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)i, listing_text);
		assert_bad(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("dns_listing", tests, NULL, NULL);
}
