# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwl's exports and those that read them: lists, senders, snippets of contrib/, and a
DNS server for the zones."""

import concurrent.futures
import contextlib
import ipaddress
import smtplib
import socket
import struct
import threading

import daemon
import lab as laboratory
import mta
import peers
from lab import wait_for
from netns import PATIENCE_SEC

# All of the senders are on the DNS block list; the lists differ in what the allow list
# says, and some of it is an exclusion.
LISTS = """\
  - name: partners
    action: allow
    entries:
      - 198.51.100.0/24
      - "!198.51.100.13"
      - 203.0.113.77
      - 2001:db8:a::/48
      - "!2001:db8:a::13"
      - 2001:db8:bad::77
    files: [{top}/allow.d/*.list]
  - name: drop
    action: block
    entries: [198.51.100.0/24, 203.0.113.0/24, "2001:db8:a::/48", "2001:db8:bad::/48"]
"""
EXPORTED = ("198.51.100.10", "203.0.113.77", "2001:db8:a::10", "2001:db8:bad::77")
NEIGHBOURS = ("198.51.100.13", "203.0.113.66", "2001:db8:a::13", "2001:db8:bad::66")

# Hosts that are in the allow list and exported, and hosts that are not: 30 of each.
CROWD_ALLOWED = tuple(f"198.51.100.{i}" for i in range(100, 120)) \
    + tuple(f"2001:db8:a::1:{i}" for i in range(10))
CROWD_OTHER = tuple(f"203.0.113.{i}" for i in range(100, 120)) \
    + tuple(f"2001:db8:bad:{i}::1" for i in range(1, 11))

# As the snippets of contrib/ have it.
DIRECTORY = "/var/lib/ipwl/export"
ALLOW_ZONE, DROP_ZONE = "allow.ipwl.example", "drop.ipwl.example"
FORMATS = {"allow.cidr": "postfix-cidr", "allow.map": "rspamd-map", "allow.cf": "spamassassin",
           "allow.exim": "exim", "allow.smtpd": "opensmtpd", "allow.lst": "haproxy",
           "allow.nft": "nftables", "allow.ipset": "ipset", "allow.zone": "rbldnsd"}


def start(ipwld):
    """Start a daemon that exports both lists; returns the directory. It only monitors:
    who is rejected was rejected by the program that reads the files. When one changes,
    the program after-NAME is run, if a test has put it there."""
    directory = ipwld.top / "export"
    directory.mkdir()
    runner = ipwld.top / "after"
    runner.write_text('#!/bin/sh\n[ ! -x "$1" ] || exec "$1"\n', encoding="utf-8")
    runner.chmod(0o755)
    exports = "".join(f"  - {{format: {form}, path: {directory}/{name}, "
                      f"after: [{runner}, {ipwld.top}/after-{name}]}}\n"
                      for name, form in FORMATS.items())
    exports += f"  - {{format: rbldnsd, path: {directory}/drop.zone, lists: [drop]}}\n"
    ipwld.configure(mode="monitor", lists=LISTS, extra=f"exports:\n{exports}")
    ipwld.start()
    await_exports(ipwld)
    return directory


def run_after(ipwld, name, *argv):
    """From now on, run a command when that file has changed."""
    path = ipwld.top / f"after-{name}"
    path.write_text(f"#!/bin/sh\nexec {' '.join(map(str, argv))}\n", encoding="utf-8")
    path.chmod(0o755)


def await_exports(ipwld):
    wait_for(lambda: all(export["successful"] for export in ipwld.status()["exports"]),
             "the exports are written")


def snippet(name, directory):
    """The text of a snippet of contrib/, with the paths of a test."""
    text = (daemon.ROOT / "contrib" / name).read_text(encoding="utf-8")
    assert DIRECTORY in text or name in ("spamassassin.cf", "exim4-acl.conf", "frr-bgp.conf")
    return text.replace(DIRECTORY, str(directory))


def add_senders(lab):
    """One host with the addresses of all senders."""
    host = lab.add_sender(laboratory.Sender("senders", EXPORTED[0], EXPORTED[2], ""))
    lab.address(host, "eth0", *{*EXPORTED, *NEIGHBOURS, *CROWD_ALLOWED, *CROWD_OTHER}
                - {EXPORTED[0], EXPORTED[2]})
    return host


def check_crowd(host, takes_others):
    """Many hosts send at the same time. No listed one loses its mail, and no other one does
    because there are so many."""
    for crowd, is_taken in (CROWD_ALLOWED, True), (CROWD_OTHER, takes_others):
        replies = attempts(host, crowd)
        taken = [source for source, reply in replies.items() if reply and reply[0] == 250]
        assert len(taken) == (len(crowd) if is_taken else 0), (is_taken, replies)


# ---- DNS -----------------------------------------------------------------------------

def start_rbldnsd(lab, cache, top, directory):
    """rbldnsd with both zones, as the MX's resolver."""
    rbldnsd = peers.Peer(lab.mx, peers.unpack(cache, "rbldnsd"), top, ["rbldns"])
    rbldnsd.start("rbldnsd", "-n", "-u", "rbldns", "-c", "1", "-b", "127.0.0.1/53",
                  *(f"{zone}:ip{family}trie:{directory}/{name}.zone.{family}"
                    for zone, name in ((ALLOW_ZONE, "allow"), (DROP_ZONE, "drop"))
                    for family in "46"))
    wait_for(lambda: is_in_zone(lab, DROP_ZONE, EXPORTED[0]),
             "rbldnsd answers")
    return rbldnsd


def is_in_zone(lab, zone, address):
    """Whether the zone has 127.0.0.2 for the address."""
    name = ipaddress.ip_address(address).reverse_pointer
    for suffix in ".in-addr.arpa", ".ip6.arpa":
        name = name.removesuffix(suffix)
    labels = b"".join(bytes([len(label)]) + label.encode()
                      for label in f"{name}.{zone}".split("."))
    query = struct.pack("!6H", 4711, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    with lab.mx.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.settimeout(2)
        client.connect(("127.0.0.1", 53))
        try:
            client.send(query)
            answer = client.recv(4096)
        except OSError:
            return None
    assert answer[:2] == query[:2]
    count = struct.unpack("!H", answer[6:8])[0]
    return count > 0 and answer[-4:] == bytes([127, 0, 0, 2])


# ---- SMTP ----------------------------------------------------------------------------

def attempt(host, source):
    """(code, text) of the reply that ended a delivery up to RCPT, or None: there was no
    connection, or it was closed without one."""
    try:
        with host.entered():
            client = smtplib.SMTP(timeout=PATIENCE_SEC, local_hostname="sender.test",
                                  source_address=(source, 0))
            reply = client.connect(laboratory.mx_address(source), 25)
        with client:
            for command in "ehlo", "mail", "rcpt":
                if reply[0] >= 400:
                    return reply[0], reply[1].decode()
                reply = {"ehlo": client.ehlo, "mail": lambda: client.mail("from@sender.test"),
                         "rcpt": lambda: client.rcpt(mta.INBOX)}[command]()
            return reply[0], reply[1].decode()
    except (OSError, smtplib.SMTPServerDisconnected):
        return None
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error.decode()


def attempts(host, sources=EXPORTED + NEIGHBOURS):
    """{source: reply}, all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(sources)) as pool:
        return dict(zip(sources, pool.map(lambda source: attempt(host, source), sources)))


def await_smtp(lab, peer):
    def answers():
        assert peer.process.poll() is None, peer.words()
        with lab.mx.entered():
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", 25)) == 0
    wait_for(answers, "port 25 answers")


@contextlib.contextmanager
def banner(lab, port):
    """A server that greets and hangs up."""
    listeners = []
    with lab.mx.entered():
        for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
            listener = socket.socket(family, socket.SOCK_STREAM)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(64)
            listeners.append(listener)

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"220 mx.test\r\n")

    threads = [threading.Thread(target=serve, args=(listener,)) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in threads:
            thread.join()


def greeting(host, source, timeout=PATIENCE_SEC):
    """What port 25 of the MX says to a client within that time, or nothing."""
    with host.entered():
        client = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    with client:
        client.settimeout(timeout)
        client.bind((source, 0))
        try:
            client.connect((laboratory.mx_address(source), 25))
            return client.recv(512)
        except OSError:
            return b""
