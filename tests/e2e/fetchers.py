# SPDX-License-Identifier: GPL-2.0-or-later
"""Who listens for ipwld's feeds in the place of systemd."""

import socket
import threading

import netns
from daemon import BUILD


class Manager:
    """A socket, and what is done with each connection: (connection)."""

    def __init__(self, ipwld, serve):
        self.serve = serve
        self.served = 0
        self.path = ipwld.top / "fetch.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        netns.at_exit(self.stop)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.served += 1
                self.serve(connection)

    def stop(self):
        """Nobody listens there any more."""
        if not self.thread.is_alive():
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


def as_systemd(namespace):
    """An instance of ipwl-fetch for each connection, which is its standard input."""
    def serve(connection):
        # Not by popen(), whose program ends with the thread that started it.
        namespace.run(BUILD / "ipwl-fetch", stdin=connection.fileno(), check=False)
    return serve
