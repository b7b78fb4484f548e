# SPDX-License-Identifier: GPL-2.0-or-later
"""One attempt to deliver a mail over SMTP, from a sender's namespace."""

import concurrent.futures
import dataclasses
import itertools
import os
import smtplib

import lab as laboratory
import mta
from netns import PATIENCE_SEC

DELIVERED, REFUSED, TIMED_OUT = "delivered", "refused", "timed out"
GIVE_UP_SEC = 4
_number = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What became of a mail."""
    source: str
    outcome: str
    mark: int | None  # of the socket the MX accepted; None: no connection
    is_in_maildir: bool
    error: str = ""


def deliver(lab, postfix, host, source, is_dropped=False, timeout=PATIENCE_SEC):
    """Deliver from that address of a host, looking at the MX's socket meanwhile; each step may
    take that many seconds. One that is expected to be dropped gives up early."""
    token = f"token-{os.getpid()}-{next(_number)}-"
    mark, words = None, ""
    try:
        with host.entered():
            client = smtplib.SMTP(timeout=GIVE_UP_SEC if is_dropped else timeout,
                                  local_hostname="sender.test", source_address=(source, 0))
            client.connect(laboratory.mx_address(source), 25)
        with client:
            client.ehlo()
            mark = lab.fwmark(source, client.sock.getsockname()[1])
            client.sendmail("from@sender.test", [mta.INBOX], f"Subject: {token}\n\n{token}\n")
        outcome = DELIVERED
    except TimeoutError:
        outcome = TIMED_OUT
    except (OSError, smtplib.SMTPException) as error:
        # smtplib tells of a reply that does not come as of a connection that ends.
        is_late = isinstance(error.__context__, TimeoutError)
        outcome, words = TIMED_OUT if is_late else REFUSED, str(error)
    wait = PATIENCE_SEC if outcome == DELIVERED else 0
    return Attempt(source, outcome, mark, postfix.find(token, wait), words)


def deliver_from_all(lab, postfix, sources):
    """The same from (host, address, is_dropped), all at once; in their order."""
    with concurrent.futures.ThreadPoolExecutor(len(sources)) as pool:
        return list(pool.map(lambda source: deliver(lab, postfix, *source), sources))
