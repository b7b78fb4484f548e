# SPDX-License-Identifier: GPL-2.0-or-later
"""A real rspamd with Redis behind the MX's Postfix, which tells ipwld what it finds, and a
resolver that knows the senders' SPF records."""

import contextlib
import email.utils
import itertools
import os
import smtplib
import socket
import struct
import threading

import daemon
import lab as laboratory
import mta
import netns
import peers
from lab import wait_for

CACHE = daemon.ROOT / "build/peers"
TOKEN = "5d1f5a2c0d0e4d2b"
LISTEN = ("127.0.0.1", 12526)

# The documentation networks are never learned, so these are others. The laboratory reaches
# nobody.
PARTNER = laboratory.Sender("partner", "44.1.2.7", "2a00:1:2:7::7", "unlisted")
SPAMMER = laboratory.Sender("spammer", "44.1.3.9", "2a00:1:3:9::9", "unlisted")
SPF = {"partner.test": f"v=spf1 ip4:{PARTNER.ipv4} ip6:{PARTNER.ipv6} -all",
       **dict.fromkeys(("junk.test", "spam.test", "later.test", "unknown.test"), "v=spf1 ?all")}

# By the domain of the envelope sender: the message gets the score of a reject or of a header,
# or is deferred.
MULTIMAP = """\
SPAM_DOMAIN {
  type = "from";
  filter = "email:domain";
  map = "/etc/rspamd/spam.map";
  score = 30;
}
JUNK_DOMAIN {
  type = "from";
  filter = "email:domain";
  map = "/etc/rspamd/junk.map";
  score = 13;
}
LATER_DOMAIN {
  type = "from";
  filter = "email:domain";
  map = "/etc/rspamd/later.map";
  prefilter = true;
  action = "soft reject";
}
"""
MAIN = """\
smtpd_milters = inet:127.0.0.1:11332
milter_default_action = tempfail
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_delay_reject = yes
"""

_number = itertools.count(1)


def learn(*lines, mode="auto"):
    """The text of `learn:`."""
    return "".join(f"{line}\n" for line in (
        "learn:", "  list: partners", f"  mode: {mode}", f"  listen: {LISTEN[0]}:{LISTEN[1]}",
        "  token_file: {top}/learn.token", *(f"  {line}" for line in lines)))


def configure(ipwld, *lines, mode="auto", **options):
    """Have a daemon learn from rspamd."""
    path = ipwld.top / "learn.token"
    path.write_text(TOKEN + "\n", encoding="ascii")
    ipwld.configure(extra=options.pop("extra", "") +
                    learn(*lines, mode=mode).format(top=ipwld.top), **options)


def post(ipwld, path, body, token=TOKEN, user=None):
    """One request to the listener, from the MX: the status."""
    who = ["-u", f"{user}:{token}"] if user else ["-H", f"Authorization: Bearer {token}"]
    done = ipwld.namespace.run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *who, "--data-binary", "@-",
        f"http://{LISTEN[0]}:{LISTEN[1]}{path}", input=body, check=False)
    return int(done.stdout or 0)


# ---- DNS -----------------------------------------------------------------------------

class Resolver:
    """Answers TXT queries for SPF, and that nothing else exists."""

    def __init__(self, namespace):
        with namespace.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        netns.at_exit(self.stop)

    def stop(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                query, client = self._socket.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            with contextlib.suppress(OSError, IndexError):
                self._socket.sendto(self._answer(query), client)

    @staticmethod
    def _answer(query):
        labels, place = [], 12
        while query[place]:
            labels.append(query[place + 1:place + 1 + query[place]].decode("ascii", "replace"))
            place += 1 + query[place]
        question = query[12:place + 5]
        kind, = struct.unpack("!H", query[place + 1:place + 3])
        text = SPF.get(".".join(labels).lower()) if kind == 16 else None
        records = b""
        if text:
            data = bytes([len(text)]) + text.encode()
            records = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(data)) + data
        # A domain with an SPF record exists, whatever else is asked for.
        code = 0 if text or ".".join(labels).lower() in SPF else 3
        return query[:2] + struct.pack("!5H", 0x8180 | code, 1, int(bool(text)), 0, 0) \
            + question + records


# ---- rspamd and its Redis -----------------------------------------------------------------

def start_redis(lab, top):
    redis = peers.Peer(lab.mx, peers.unpack(CACHE, "redis-server", "redis-tools"), top / "redis")
    redis.start("/usr/bin/redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "",
                "--dir", "/run")
    wait_for(lambda: is_open(lab, 6379), "Redis answers")
    return redis


def is_open(lab, port):
    with lab.mx.entered():
        probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def exporter():
    """The snippet of contrib/."""
    text = (daemon.ROOT / "contrib/rspamd-metadata-exporter.conf").read_text(encoding="utf-8")
    assert "TOKEN" in text
    return text.replace("TOKEN", TOKEN)


def start(lab, top, metadata_exporter=None):
    """rspamd as the milter of the MX's Postfix."""
    rspamd = peers.Peer(lab.mx, peers.unpack(CACHE, "rspamd"), top / "rspamd",
                        directories=["/run/rspamd", "/var/lib/rspamd", "/var/log/rspamd"])
    files = {
        "local.d/logging.inc": 'type = "console";\n',
        "local.d/options.inc": 'dns { nameserver = ["127.0.0.1"]; timeout = 1s; }\n',
        "local.d/redis.conf": 'servers = "127.0.0.1";\n',
        "local.d/multimap.conf": MULTIMAP,
        "local.d/metadata_exporter.conf": metadata_exporter or exporter(),
        "local.d/worker-proxy.inc": 'bind_socket = "127.0.0.1:11332";\n',
        # A sender is unknown to Redis at first; that is no reason to defer it here.
        "local.d/greylist.conf": "enabled = false;\n",
        # The message of a test is scored by its sender only.
        "override.d/actions.conf": "reject = 15;\nadd_header = 6;\ngreylist = null;\n",
        "spam.map": "spam.test\n", "junk.map": "junk.test\n", "later.map": "later.test\n",
    }
    for module in ("rbl", "fuzzy_check", "phishing", "hfilter", "mx_check", "bayes_expiry"):
        files[f"local.d/{module}.conf"] = "enabled = false;\n"
    files["local.d/headers_group.conf"] = files["local.d/hfilter_group.conf"] = "max_score = 1;\n"
    for name, text in files.items():
        rspamd.write(f"etc/rspamd/{name}", text)
    # Names of servers that it knows by itself are looked up while it starts.
    rspamd.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    rspamd.start("rspamd", "-f", "-i", "-u", "root", "-g", "root")

    def answers():
        assert rspamd.process.poll() is None, rspamd.words()
        return is_open(lab, 11332) and is_open(lab, 11333)
    wait_for(answers, "rspamd answers", 0.2)
    return rspamd


def add_to_postfix(postfix):
    """Have Postfix ask rspamd; to be called before it starts."""
    path = postfix.top / "config/main.cf"
    text = path.read_text(encoding="utf-8")
    for line in MAIN.splitlines():
        key = line.split(" = ")[0]
        text = "".join(old for old in text.splitlines(keepends=True)
                       if not old.startswith(f"{key} ="))
    text = text.replace(f"virtual_mailbox_domains = {mta.DOMAIN}",
                        f"virtual_mailbox_domains = {mta.DOMAIN}, partner.test")
    path.write_text(text + MAIN, encoding="utf-8")


# ---- mail ----------------------------------------------------------------------------

def message(sender, **headers):
    """(message id, text) of a message that no rule dislikes."""
    number = f"{os.getpid()}.{next(_number)}@{sender.split('@')[1]}"
    lines = {"From": f"Some One <{sender}>", "To": mta.INBOX, "Subject": "our meeting",
             "Date": email.utils.formatdate(), "Message-ID": f"<{number}>",
             "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8", **headers}
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return f"<{number}>", f"{text}\nShall we meet on Tuesday at ten?\n"


def send(host, source, sender, recipient=mta.INBOX, target=None, **headers):
    """Deliver one message: (SMTP code, message id)."""
    number, text = message(sender, **headers)
    with host.entered():
        client = smtplib.SMTP(timeout=netns.PATIENCE_SEC, local_hostname=sender.split("@")[1],
                              source_address=(source, 0))
        client.connect(target or laboratory.mx_address(source), 25)
    with client:
        try:
            client.sendmail(sender, [recipient], text)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, number
    return 250, number
