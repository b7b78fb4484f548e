# SPDX-License-Identifier: GPL-2.0-or-later
"""A Postfix with users who send mail to others: authentication, local submission and a content
filter on the same host."""

import base64
import os
import re
import shutil
import smtplib
import socket
import socketserver
import threading

import lab as laboratory
import mta
import netns

FILTER_PORT, AFTER_PORT, FILTERED_PORT = 10024, 10025, 10026
USER, PASSWORD = f"alice@{mta.DOMAIN}", "secret"
# Those below 1000 are of programs.
PERSON_UID = 1000

MASTER = f"""\
pickup    unix  n  -  n  1  1  pickup
smtp      unix  -  -  n  -  -  smtp
127.0.0.1:{FILTERED_PORT} inet n - n - - smtpd
  -o content_filter=smtp:[127.0.0.1]:{FILTER_PORT}
127.0.0.1:{AFTER_PORT} inet n - n - - smtpd
  -o content_filter=
"""

MAIN = """\
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {top}/auth.sock
smtpd_helo_required = yes
smtpd_helo_restrictions = check_helo_access inline:{{ evil.test=REJECT }}
smtpd_client_restrictions = permit
smtpd_delay_reject = yes
transport_maps = inline:{{ {routes} }}
maximal_queue_lifetime = 1h
soft_bounce = no
"""


class _Auth(socketserver.StreamRequestHandler):
    """The protocol of Dovecot's authentication, as far as Postfix uses it."""

    def handle(self):
        self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
                         b"COOKIE\t0123456789abcdef0123456789abcdef\nDONE\n")
        for line in self.rfile:
            word, *fields = line.decode().rstrip("\n").split("\t")
            if word != "AUTH":
                continue
            answer, = [field[5:] for field in fields if field.startswith("resp=")]
            _, user, password = base64.b64decode(answer).decode().split("\0")
            verdict = "OK" if password == PASSWORD else "FAIL"
            self.wfile.write(f"{verdict}\t{fields[0]}\tuser={user}\n".encode())


class _Filter(socketserver.StreamRequestHandler):
    """Gives each message back to Postfix, and repeats its answer."""

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        self.say("220 filter")
        sender, recipients = "", []
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            verb = line[:4].upper()
            if verb == "MAIL":
                sender, recipients = re.search("<(.*?)>", line)[1], []
                self.say("250 Ok")
            elif verb == "RCPT":
                recipients.append(re.search("<(.*)>", line)[1])
                self.say("250 Ok")
            elif verb == "DATA":
                self.say("354 go on")
                self.say(self.forward(sender, recipients))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 Ok")

    def forward(self, sender, recipients):
        body = b"".join(iter(self.rfile.readline, b".\r\n"))
        with self.server.namespace.entered():
            client = smtplib.SMTP("127.0.0.1", AFTER_PORT, "filter.test", netns.PATIENCE_SEC)
        with client:
            client.ehlo()
            client.mail(sender)
            for recipient in recipients:
                client.rcpt(recipient)
            code, answer = client.data(body)
            return f"{code} {answer.decode()}"


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Site(mta.Postfix):
    """routes: {domain: address of its mail server}."""

    def __init__(self, namespace, peer, top, routes):
        super().__init__(namespace, peer, top)
        with open(top / "config/master.cf", "a", encoding="utf-8") as stream:
            stream.write(MASTER)
        routes = ", ".join(f"{domain}=smtp:[{address}]" for domain, address in routes.items())
        with open(top / "config/main.cf", "a", encoding="utf-8") as stream:
            stream.write(MAIN.format(top=top, routes=routes))

    def make_log(self):
        """Postfix would make a log that only root can read."""
        part = self.log.with_name("mail.log.new")
        part.touch(mode=0o644)
        part.rename(self.log)

    def start(self):
        self.make_log()
        self._serve(_UnixServer(str(self.top / "auth.sock"), _Auth))
        (self.top / "auth.sock").chmod(0o666)
        with self.namespace.entered():
            self._serve(_Server(("127.0.0.1", FILTER_PORT), _Filter))
        super().start()

    def _serve(self, server):
        server.namespace = self.namespace
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def send(self, recipients, sender=USER, port=25, is_user=True):
        """Send over SMTP from this host. Returns refused recipients."""
        with self.namespace.entered():
            client = smtplib.SMTP("127.0.0.1", port, "client.test", netns.PATIENCE_SEC)
        with client:
            if is_user:
                client.login(USER, PASSWORD)
            return client.sendmail(sender, recipients, "Subject: x\r\n\r\nx\r\n")

    def sendmail(self, *argv, uid=PERSON_UID):
        """Send with sendmail(1), as that user of this host does. Its helper wants /etc/postfix,
        and the group that its file would give it."""
        etc = self.top / "etc"
        if not etc.exists():
            (self.top / "etc.work").mkdir()
            shutil.copytree(self.top / "config", etc / "postfix")
            for name in "passwd", "group":
                shutil.copy(self.top / name, etc / name)
        script = ("mount -t overlay overlay "
                  '-o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/etc.work" /etc && shift && "$@"')
        become = "setpriv", f"--reuid={uid}", f"--regid={mta.GROUPS['postdrop']}", "--clear-groups"
        self.namespace.run("unshare", "--mount", "--propagation", "private", "sh", "-c", script,
                           "sh", self.top, *become, self.peer / "usr/sbin/sendmail", *argv,
                           input="Subject: x\n\nx\n",
                           env={"PATH": os.environ["PATH"],
                                "LD_LIBRARY_PATH": str(self.peer / "usr/lib/postfix")})


def receive_from(namespace, source, helo="sender.test", sender="bob@partner.test",
                 recipient=mta.INBOX):
    """Another server sends a message; returns the code of the answer."""
    with namespace.entered():
        connection = socket.create_connection((laboratory.MX4, 25), netns.PATIENCE_SEC,
                                              (source, 0))
    with smtplib.SMTP() as client:
        client.sock = connection
        client.getreply()
        client.ehlo(helo)
        client.mail(sender)
        code, _ = client.rcpt(recipient)
        if code == 250:
            code, _ = client.data("Subject: x\r\n\r\nx\r\n")
        return code
