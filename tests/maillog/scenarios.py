# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs of made-up traffic, with the evidence that is in them.

Each message knows its own story, so what must be noted is known without reading the log."""
import datetime
import itertools
import random
import time

FORGED = (', relay=mx.good.test[9.9.9.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, '
          'status=sent (250 ')
LOCALS = ["bob", "status=sent", "relay=evil", '"a b"', '"a>' + FORGED + '\\"x"', "j\u00fcrgen",
          '"x@y"', '"a\\\\"']
PARTNERS = [("partner.test", "partner.test"), ("Other.TEST", "other.test"),
            ("m\u00fcnchen.test", "xn--mnchen-3ya.test")]
HEX = "0123456789ABCDEF"
LONG = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


class Message:
    """The lines of one message, each as (service, text, evidence or None)."""

    def __init__(self, log):
        self.log = log
        self.rng = log.rng
        self.id = log.new_id()
        self.lines = []

    def say(self, service, text, evidence=None):
        self.lines.append((service, text, evidence))

    def queued(self, service, text, evidence=None, queue_id=None):
        self.say(service, f"{queue_id or self.id}: {text}", evidence)

    def address(self):
        if self.rng.random() < 0.3:
            return f"2001:db8::{self.rng.randrange(1, 0xffff):x}"
        return f"192.0.2.{self.rng.randrange(1, 255)}"

    def deliver(self, recipient, relay, status="sent", service="smtp", evidence=None,
                queue_id=None, reply="250 2.0.0 Ok: queued as 3D9CCA9806A"):
        extra = self.rng.choice(["", ", conn_use=2"]) if service == "smtp" else ""
        alias = self.rng.choice(["", ', orig_to=<"x y"@home.test>'])
        self.queued(service, f"to=<{recipient}>{alias}, relay={relay}{extra}, delay=0.1, "
                    f"delays=0.1/0/0/0, dsn=2.0.0, status={status} ({reply})",
                    evidence if status == "sent" else None, queue_id)

    def outgoing(self):
        """A user or a program of this host writes to others."""
        is_local, is_null = self.rng.random() < 0.3, self.rng.random() < 0.1
        sender = "" if is_null else "alice@home.test"
        if is_local:
            self.queued("pickup", f"uid=1000 from=<{sender}>")
        else:
            self.queued("smtpd", "client=home[198.51.100.1], sasl_method=PLAIN, "
                        "sasl_username=alice@home.test")
        self.queued("cleanup", f"message-id=<{self.id}@home.test>")
        count = self.rng.randrange(1, 5)
        self.queued("qmgr", f"from=<{sender}>, size=10, nrcpt={count} (queue active)")
        queue_id = self.id
        if self.rng.random() < 0.3:
            queue_id = self.hop(count, sender)
        noted = set()
        for _ in range(count):
            domain, ascii_domain = self.rng.choice(PARTNERS)
            status = self.rng.choice(["sent", "sent", "deferred", "bounced", "deliverable"])
            server = self.address()
            evidence = None
            if status == "sent" and not is_null and ascii_domain not in noted:
                evidence = f"sent {server} {ascii_domain} - alice@home.test {count}"
                noted.add(ascii_domain)
            self.deliver(f"{self.rng.choice(LOCALS)}@{domain}", f"mx.{ascii_domain}[{server}]:25",
                         status, evidence=evidence, queue_id=queue_id)
        self.queued("qmgr", "removed", queue_id=queue_id)

    def hop(self, count, sender):
        """Through a filter of this host; returns the second queue id."""
        second = self.log.new_id()
        self.queued("smtpd", "client=localhost[127.0.0.1]", queue_id=second)
        self.queued("qmgr", f"from=<{sender}>, size=11, nrcpt={count} (queue active)",
                    queue_id=second)
        self.deliver("x@partner.test", "127.0.0.1[127.0.0.1]:10024",
                     reply=f"250 2.0.0 Ok: queued as {second}")
        self.queued("qmgr", "removed")
        return second

    def incoming(self):
        """Another server writes to us."""
        client, name = self.address(), self.rng.choice(["unknown", "mx.partner.test"])
        verified = "-" if name == "unknown" else name
        self.queued("smtpd", f"client={name}[{client}]")
        self.queued("cleanup", f"message-id=<{self.id}@partner.test>")
        end = self.rng.choice(["accepted", "accepted", "milter", "greylist", "null"])
        if end in ("milter", "greylist"):
            code = "5.7.1" if end == "milter" else "4.7.1"
            self.queued("cleanup", f"milter-reject: END-OF-MESSAGE from {name}[{client}]: {code} "
                        "no; from=<a@b> to=<c@d> proto=ESMTP helo=<x>",
                        f"rejected {client} - {verified} - -" if end == "milter" else None)
            return
        domain, ascii_domain = self.rng.choice(PARTNERS)
        sender = "" if end == "null" else f"{self.rng.choice(LOCALS)}@{domain}"
        self.queued("qmgr", f"from=<{sender}>, size=10, nrcpt=2 (queue active)")
        is_noted = end == "null"
        for recipient in ("alice@home.test", "carol@home.test"):
            status = self.rng.choice(["sent", "sent", "bounced"])
            evidence = None
            if status == "sent" and not is_noted:
                evidence = f"accepted {client} {ascii_domain} {verified} {recipient} 2"
                is_noted = True
            self.deliver(recipient, "local", status, "local", evidence, reply="delivered")
        self.queued("qmgr", "removed")

    def refused(self):
        client = self.address()
        code, evidence = self.rng.choice([
            ("550 5.7.1 <alice@home.test>: Recipient address rejected: no",
             f"rejected {client} - - alice@home.test -"),
            ("450 4.7.1 <alice@home.test>: Recipient address rejected: later", None),
            ("550 5.1.1 <none@home.test>: Recipient address rejected: User unknown", None),
            (f"554 5.7.1 Service unavailable; Client host [{client}] blocked using x.test",
             f"listed {client} - - - -")])
        self.say("smtpd", f"NOQUEUE: reject: RCPT from unknown[{client}]: {code}; from=<a@b> "
                 "to=<c@d> proto=ESMTP helo=<x>", evidence)

    def screened(self):
        client = f"{self.address()}"
        peer = f"[{client}]:{self.rng.randrange(1024, 65536)}"
        self.say("postscreen", f"CONNECT from {peer} to [192.0.2.1]:25")
        if self.rng.random() < 0.5:
            self.say("postscreen", f"DNSBL rank 3 for {peer}", f"listed {client} - - - -")
            self.say("postscreen", f"NOQUEUE: reject: RCPT from {peer}: 550 5.7.1 Service "
                     f"unavailable; client [{client}] blocked using x.test; from=<a@b>, "
                     "to=<c@d>, proto=ESMTP, helo=<x>")
        else:
            self.say("postscreen", f"PASS NEW {peer}")


class Log:
    """Traffic in which the lines of several messages are mixed."""

    def __init__(self, seed, is_traditional, has_long_ids=False):
        self.rng = random.Random(seed)
        self.is_traditional = is_traditional
        self.has_long_ids = has_long_ids
        self.numbers = itertools.count(0xA00000)
        self.at_sec = 1795000000

    def new_id(self):
        number = next(self.numbers)
        if not self.has_long_ids:
            return f"{number % 0x100000 + 0xA00000:X}"  # used again after a million
        text = ""
        while number:
            number, digit = divmod(number, len(LONG))
            text = LONG[digit] + text
        return "4YvQkL" + text.rjust(6, "B") + "z" + "1a"

    def stamp(self):
        if self.is_traditional:
            moment = time.gmtime(self.at_sec)
            return time.strftime("%b ", moment) + f"{moment.tm_mday:2d} " + time.strftime(
                "%H:%M:%S", moment)
        zone = datetime.timezone(datetime.timedelta(hours=1))
        return datetime.datetime.fromtimestamp(self.at_sec, zone).isoformat() + ""

    def lines(self, count):
        """Yield (line, evidence or None) of that many messages."""
        live = []
        while count or live:
            if count and len(live) < 20:
                message = Message(self)
                kinds = [message.outgoing, message.incoming, message.refused, message.screened]
                self.rng.choices(kinds, (4, 4, 2, 1))[0]()
                live.append(iter(message.lines))
                count -= 1
            story = self.rng.choice(live)
            item = next(story, None)
            if item is None:
                live.remove(story)
                continue
            self.at_sec += self.rng.random() < 0.2
            service, text, evidence = item
            if evidence:
                kind, _, rest = evidence.partition(" ")
                evidence = f"postfix {kind} {self.at_sec} {rest}"
            yield f"{self.stamp()} mx postfix/{service}[{self.rng.randrange(9999)}]: {text}", evidence
            if self.rng.random() < 0.1:
                yield f"{self.stamp()} mx dovecot[1]: imap-login: to=<a@b>, status=sent", None
