# SPDX-License-Identifier: GPL-2.0-or-later
"""Postfix's log of days past, line by line as Postfix writes it."""

import itertools
import time

DAY_SEC = 86400


class Log:
    """Lines of one host, in the order of their times."""

    def __init__(self):
        self._lines = []
        self._number = itertools.count(0x4A71DA98)

    def line(self, days_ago, service, text):
        now = time.time() - days_ago * DAY_SEC
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(now))
        self._lines.append((now, f"{stamp} mx postfix/{service}[42]: {text}\n"))

    def write(self, path):
        self._lines.sort(key=lambda item: item[0])
        path.write_text("".join(line for _, line in self._lines), encoding="utf-8")
        return path

    # ---- messages --------------------------------------------------------------

    def message(self, days_ago, origin, sender, *deliveries, number=None):
        """A message: where it came from, and lines of its deliveries."""
        identity = f"{next(self._number):X}"
        service, text = origin
        self.line(days_ago, service, f"{identity}: {text}")
        self.line(days_ago, "cleanup", f"{identity}: message-id=<{number or identity}@x.test>")
        self.line(days_ago, "qmgr", f"{identity}: from=<{sender}>, size=1000, "
                                    f"nrcpt={len(deliveries)} (queue active)")
        for agent, delivery in deliveries:
            self.line(days_ago, agent, f"{identity}: {delivery}")
        self.line(days_ago, "qmgr", f"{identity}: removed")

    def sent(self, days_ago, recipient, address, user="alice", sender="alice@mx.test"):
        """An authenticated user's message, which the recipient's server accepted."""
        self.message(days_ago, authenticated(user), sender, remote(recipient, address))

    def received(self, days_ago, sender, address, name=None):
        """A message of another server, which was delivered here."""
        self.message(days_ago, client(address, name), sender, local("inbox@mx.test"))

    def rejected(self, days_ago, address, recipient="inbox@mx.test"):
        self.line(days_ago, "cleanup",
                  f"{next(self._number):X}: milter-reject: END-OF-MESSAGE from "
                  f"unknown[{address}]: 5.7.1 Spam message rejected; from=<x@spam.test> "
                  f"to=<{recipient}> proto=ESMTP helo=<spam.test>")


def authenticated(user="alice"):
    return ("submission/smtpd", f"client=laptop[10.0.0.5], sasl_method=PLAIN, "
                                f"sasl_username={user}")


def client(address, name=None):
    return "smtpd", f"client={name or 'unknown'}[{address}]"


def program(user_id, sender):
    """A program of this host, with sendmail(1)."""
    return "pickup", f"uid={user_id} from=<{sender}>"


def remote(recipient, address, status="sent (250 2.0.0 Ok: queued as 12AB)", original=None):
    domain = recipient.rsplit("@", 1)[1]
    extra = f" orig_to=<{original}>," if original else ""
    return "smtp", (f"to=<{recipient}>,{extra} relay=mx.{domain}[{address}]:25, delay=1, "
                    f"delays=0.1/0/0.4/0.5, dsn=2.0.0, status={status}")


def local(recipient):
    return "virtual", (f"to=<{recipient}>, relay=virtual, delay=0.1, delays=0.1/0/0/0, "
                       "dsn=2.0.0, status=sent (delivered to maildir)")
