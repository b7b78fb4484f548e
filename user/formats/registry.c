/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of all formats: their names and parsers. */
#include <string.h>

#include "formats/parser.h"
#include "formats/read.h"

const char *const format_names[] = {
	[FORMAT_AUTO] = "auto",
	[FORMAT_PLAIN] = "plain",
	[FORMAT_POSTFIX_CIDR] = "postfix-cidr",
	[FORMAT_RSPAMD_MAP] = "rspamd-map",
	[FORMAT_SPAMASSASSIN] = "spamassassin",
	[FORMAT_DNSWL] = "dnswl",
	[FORMAT_RBLDNSD] = "rbldnsd",
	[FORMAT_DROP_TEXT] = "drop-text",
	[FORMAT_DROP_JSON] = "drop-json",
	[FORMAT_NETSET] = "netset",
	[FORMAT_CROWDSEC_CSV] = "crowdsec-csv",
	[FORMAT_SPAMDB] = "spamdb",
	[FORMAT_EXIM] = "exim",
	[FORMAT_OPENSMTPD] = "opensmtpd",
	[FORMAT_JSON] = "json",
	[FORMAT_CSV] = "csv",
	[FORMAT_GEOFEED] = "geofeed",
	[FORMAT_IPSET] = "ipset",
	[FORMAT_NFTABLES] = "nftables",
	[FORMAT_IPTABLES] = "iptables",
	[FORMAT_ACCESS] = "access",
	[FORMAT_CLIENTS] = "clients",
	[FORMAT_NGINX_GEO] = "nginx-geo",
	[FORMAT_NETWORKS] = "networks",
	[FORMAT_DSHIELD] = "dshield",
	[FORMAT_IPFILTER] = "ipfilter",
	[FORMAT_P2P] = "p2p",
	[FORMAT_SPF] = "spf",
	[FORMAT_HOSTS_ACCESS] = "hosts-access",
	[FORMAT_HTTP_ACCESS] = "http-access",
	[FORMAT_TCPRULES] = "tcprules",
	[FORMAT_DNS_ZONE] = "dns-zone",
	[FORMAT_CSF] = "csf",
	[FORMAT_MIKROTIK] = "mikrotik",
};
_Static_assert(sizeof(format_names) / sizeof(format_names[0]) == FORMAT_COUNT, "all");

const struct format_parser *const format_parsers[] = {
	[FORMAT_PLAIN] = &format_plain,
	[FORMAT_POSTFIX_CIDR] = &format_postfix_cidr,
	[FORMAT_RSPAMD_MAP] = &format_rspamd_map,
	[FORMAT_SPAMASSASSIN] = &format_spamassassin,
	[FORMAT_DNSWL] = &format_dnswl,
	[FORMAT_RBLDNSD] = &format_rbldnsd,
	[FORMAT_DROP_TEXT] = &format_drop_text,
	[FORMAT_DROP_JSON] = &format_drop_json,
	[FORMAT_NETSET] = &format_netset,
	[FORMAT_CROWDSEC_CSV] = &format_crowdsec_csv,
	[FORMAT_SPAMDB] = &format_spamdb,
	[FORMAT_EXIM] = &format_exim,
	[FORMAT_OPENSMTPD] = &format_opensmtpd,
	[FORMAT_JSON] = &format_json_text,
	[FORMAT_CSV] = &format_csv,
	[FORMAT_GEOFEED] = &format_geofeed,
	[FORMAT_IPSET] = &format_ipset,
	[FORMAT_NFTABLES] = &format_nftables,
	[FORMAT_IPTABLES] = &format_iptables,
	[FORMAT_ACCESS] = &format_access,
	[FORMAT_CLIENTS] = &format_clients,
	[FORMAT_NGINX_GEO] = &format_nginx_geo,
	[FORMAT_NETWORKS] = &format_networks,
	[FORMAT_DSHIELD] = &format_dshield,
	[FORMAT_IPFILTER] = &format_ipfilter,
	[FORMAT_P2P] = &format_p2p,
	[FORMAT_SPF] = &format_spf,
	[FORMAT_HOSTS_ACCESS] = &format_hosts_access,
	[FORMAT_HTTP_ACCESS] = &format_http_access,
	[FORMAT_TCPRULES] = &format_tcprules,
	[FORMAT_DNS_ZONE] = &format_dns_zone,
	[FORMAT_CSF] = &format_csf,
	[FORMAT_MIKROTIK] = &format_mikrotik,
};
_Static_assert(sizeof(format_parsers) / sizeof(format_parsers[0]) == FORMAT_COUNT, "all");

bool format_find(const char *name, enum format *ret_format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!strcmp(format_names[i], name)) {
			*ret_format = (enum format)i;
			return true;
		}
	}
	return false;
}
