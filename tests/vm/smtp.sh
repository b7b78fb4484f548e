#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# smtp.sh SERVER SUBJECT: sends one message to postmaster, from whatever address the route
# gives; fails unless the server takes it.
set -euo pipefail

exec 3<>"/dev/tcp/$1/25"

# say LINE CODE: say it, unless it is empty, and read an answer of that code.
say() {
	local line
	[ -z "$1" ] || printf '%s\r\n' "$1" >&3
	while IFS= read -r line <&3; do
		[ "${line:3:1}" = - ] || break
	done
	[ "${line:0:3}" = "$2" ] || { echo "$1: $line" >&2; exit 1; }
}

say "" 220
say "EHLO sender.example" 250
say "MAIL FROM:<sender@sender.example>" 250
say "RCPT TO:<postmaster@mx.example>" 250
say DATA 354
printf 'Subject: %s\r\n\r\nHello.\r\n' "$2" >&3
say . 250
say QUIT 221
