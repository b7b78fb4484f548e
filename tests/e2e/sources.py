# SPDX-License-Identifier: GPL-2.0-or-later
"""Sources of feeds: HTTP and HTTPS servers on loopback in a namespace, which answer as
a test says, and certificates for them."""

import contextlib
import http.server
import socket
import ssl
import threading

import netns


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        source = self.server.source
        source.requests.append((self.path, dict(self.headers.items())))
        answer = source.answers.get(self.path)
        with contextlib.suppress(OSError):  # the client may hang up
            if callable(answer):
                answer(self)
            elif answer is None:
                self.reply(404, b"not here")
            else:
                status, body, headers = answer
                self.reply(status, body, headers)

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that do not like a certificate hang up


class Source:
    """answers[path] is (status, body, headers) or a function of the handler."""

    def __init__(self, namespace, context=None, address="127.0.0.1", port=0):
        self.answers = {}
        self.requests = []
        self.released = threading.Event()
        self.scheme = "https" if context else "http"
        with namespace.entered():
            self.server = Server((address, port), Handler)
        self.server.source = self
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        netns.at_exit(self.stop)

    def stop(self):
        """Nobody listens there any more."""
        if self.thread:
            self.released.set()
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()
            self.thread = None

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def put(self, path, *lines, status=200, **headers):
        """Serve these lines."""
        body = "".join(f"{line}\n" for line in lines).encode()
        self.answers[path] = status, body, {name.replace("_", "-"): value
                                            for name, value in headers.items()}

    def asked(self, path):
        """The headers of all requests for a path."""
        return [headers for asked, headers in self.requests if asked == path]


class Proxy:
    """An HTTP proxy on loopback that only makes tunnels; `lines` has what it was asked."""

    def __init__(self, namespace):
        self.lines = []
        self.namespace = namespace
        with namespace.entered():
            self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        netns.at_exit(self.stop)
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        """Nobody listens there any more."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.socket.accept()[0]
                threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client):
        head = b""
        with client, contextlib.suppress(OSError):
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.lines += head.decode().splitlines()
            method, target, _ = head.decode().split(maxsplit=2)
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = target.rsplit(":", 1)
            with self.namespace.entered():
                server = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with server:
                back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
                back.start()
                self._copy(client, server)
                back.join()

    @staticmethod
    def _copy(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)


class Authority:
    """A CA of this test, and certificates that it signs."""

    def __init__(self, name="ca"):
        self.top = netns.temporary_directory()
        self.file = self.top / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", self.top / "ca.key",
                      "-out", self.file)
        self.file.chmod(0o644)

    def _openssl(self, *argv):
        netns.run("openssl", *argv)

    def context(self, names="IP:127.0.0.1,DNS:localhost"):
        """For a server with one of these names."""
        key, request, signed, extensions = (self.top / f"server.{end}"
                                            for end in ("key", "csr", "pem", "ext"))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=server", "-keyout", key, "-out", request)
        extensions.write_text(f"subjectAltName={names}\n", encoding="utf-8")
        self._openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey",
                      self.top / "ca.key", "-CAcreateserial", "-days", 2, "-extfile", extensions,
                      "-out", signed)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(signed, key)
        return context


def feed(name, url, **keys):
    """A feed of a list in ipwld.yaml, to stand below its `feeds:`."""
    lines = [f"      - name: {name}", f'        url: "{url}"']
    lines += [f"        {key}: {value}" for key, value in keys.items()]
    return "".join(f"{line}\n" for line in lines)
