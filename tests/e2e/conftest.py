# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the end-to-end tests. They need root, and nothing from outside."""

import importlib
import itertools
import os
import time

import pytest

import browser
import daemon
import lab as laboratory
import mta
import netns

_number = itertools.count(1)


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests make network namespaces: run them as root", 2)
    for program in "ipwld", "ipwlctl":
        if not (daemon.BUILD / program).exists():
            pytest.exit(f"{daemon.BUILD / program} is not there: run make first", 2)
    if config.pluginmanager.hasplugin("xdist"):
        # Workers clean up when they are told to end.
        importlib.import_module("xdist.workermanage").NodeManager.EXIT_TIMEOUT \
            = netns.PATIENCE_SEC
    netns.guard(is_worker=hasattr(config, "workerinput"))


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_newgateway(gateway):
    """Let the gateway become idle: execnet runs what is asked of a busy one in another
    thread than the main one, in which signals cannot be handled. xdist has just asked
    for the version of Python."""
    while gateway.remote_status().numexecuting:
        time.sleep(0.01)
    # The main thread says a moment later that it is free. Where this is too short,
    # netns.guard() does without the handlers.
    time.sleep(0.1)


def pytest_unconfigure():
    netns.clean_up()


@pytest.fixture(name="lab")
def _lab():
    """An MX and the switch; each test its own."""
    with netns.scope():
        yield laboratory.Lab(f"{next(_number)}-")


@pytest.fixture(name="wire")
def _wire(lab):
    wire = lab.wire()
    yield wire
    wire.close()


@pytest.fixture(name="ipwld")
def _ipwld(lab):
    """A daemon that is configured and not started."""
    ipwld = daemon.Ipwld(lab.mx)
    ipwld.configure()
    yield ipwld
    print(ipwld.words())


@pytest.fixture(name="running")
def _running(ipwld):
    """A daemon that runs and has attached its programs."""
    ipwld.start()
    assert ipwld.interface()["attached"], ipwld.interface()
    return ipwld


@pytest.fixture(name="chromium")
def _chromium(lab):
    """A browser on the MX."""
    chromium = browser.Browser(lab.mx)
    yield chromium
    chromium.close()


@pytest.fixture(scope="session", name="postfix_files")
def _postfix_files():
    return mta.unpack(daemon.ROOT / "build/peers")


@pytest.fixture(name="postfix")
def _postfix(lab, postfix_files):
    postfix = mta.Postfix(lab.mx, postfix_files, netns.temporary_directory() / "postfix")
    postfix.start()
    yield postfix
    print(postfix.words())
