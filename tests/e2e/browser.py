# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a screen, in a network namespace, by way of the WebDriver protocol."""

import base64
import contextlib
import http.client
import json
import math
import subprocess

import netns
from lab import wait_for

PORT = 9515

# A phone and a desk, in pixels of CSS.
PHONE = (360, 780)
DESK = (1280, 900)


class Browser:
    """One window. As root Chromium needs --no-sandbox; it sees only pages of the test."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.top = netns.temporary_directory()
        netns.at_exit(self.close)
        with netns.uninterrupted():
            self.driver = namespace.popen(
                "chromedriver", f"--port={PORT}", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = None
        wait_for(self._is_up, "chromedriver answers")
        self.session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB",
                f"--user-data-dir={self.top}/profile"]},
        }}})["sessionId"]
        self.set_timeouts()

    def _is_up(self):
        with contextlib.suppress(OSError):
            return self._ask("GET", "/status")["ready"]
        return False

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=netns.PATIENCE_SEC)
        with self.namespace.entered():
            connection.connect()
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        if isinstance(value, dict) and value.get("error"):
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value

    def _command(self, path, body=None, method="POST"):
        return self._ask(method, f"/session/{self.session}{path}", {} if body is None else body)

    def set_timeouts(self):
        patience_ms = netns.PATIENCE_SEC * 1000
        self._command("/timeouts", {"script": patience_ms, "pageLoad": patience_ms})

    def close(self):
        if self.session:
            with contextlib.suppress(OSError, RuntimeError):
                self._ask("DELETE", f"/session/{self.session}")
        self.session = None
        self.driver.kill()
        self.driver.wait()

    def devtools(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self._command("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, size, scheme):
        """Have a window of that size, in a light or dark scheme of colours."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1],
                      deviceScaleFactor=1, mobile=size == PHONE)
        self.devtools("Emulation.setEmulatedMedia", media="screen",
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self._command("/url", {"url": url})

    def run(self, script, *arguments):
        """Run the body of a function, and return what it returns."""
        return self._command("/execute/sync", {"script": script, "args": arguments})

    def run_async(self, script, *arguments):
        """The same; its last argument is called with the result."""
        return self._command("/execute/async", {"script": script, "args": arguments})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def press(self, *keys):
        """Press keys one after another, by name: Tab, Enter, Space."""
        codes = {"Tab": "\ue004", "Enter": "\ue007", "Space": " "}
        self._command("/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": kind, "value": codes[key]} for key in keys for kind in ("keyDown", "keyUp")]}]})

    def complaints(self):
        """What the browser has to say of the pages since the last call."""
        return [entry["message"] for entry in self._command("/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, path, is_whole=True, selector=None):
        """Save all of the page, what is in the window, or an element, as a PNG."""
        if selector:
            size = self.run("const { width, height } = document.querySelector(arguments[0])"
                            ".getBoundingClientRect(); return { width, height };", selector)
            self._save(path, {name: math.floor(value) for name, value in size.items()})
            return
        size = self.devtools("Page.getLayoutMetrics")[
            "cssContentSize" if is_whole else "cssVisualViewport"]
        if not is_whole:
            size = {"width": size["clientWidth"], "height": size["clientHeight"]}
        self._save(path, size)

    def _save(self, path, size):
        """From the corner at the top on the left."""
        data = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                             clip={"x": 0, "y": 0, "width": size["width"],
                                   "height": size["height"], "scale": 1})["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
