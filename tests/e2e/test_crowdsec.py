# SPDX-License-Identifier: GPL-2.0-or-later
"""The decisions of the CrowdSec of Debian become a block list, by the job in contrib/. CrowdSec runs
without its central service."""

import re
import signal
import time

import yaml

import daemon
import netns
import peers
from daemon import DONE, PARTNERS
from lab import wait_for
from test_entries import when

SNIPPET = (daemon.ROOT / "contrib/crowdsec.yml").read_text(encoding="utf-8")
CONFIG = """\
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: .}}
config_paths:
  config_dir: {top}/conf
  data_dir: {top}/data
  simulation_path: {top}/conf/simulation.yaml
  hub_dir: {top}/conf
  index_path: {top}/conf/index.json
  notification_dir: {top}/conf
  plugin_dir: {top}/conf
db_config: {{type: sqlite, db_path: {top}/data/crowdsec.db, use_wal: false, log_level: info}}
api:
  client: {{credentials_path: {top}/conf/credentials.yaml}}
  server:
    listen_uri: 127.0.0.1:18080
    profiles_path: {top}/conf/profiles.yaml
    log_level: info
prometheus: {{enabled: false}}
"""


class Crowdsec:
    """Its local API with a database of its own, and the job of contrib/crowdsec.yml."""

    def __init__(self, ipwld):
        self.ipwld = ipwld
        self.top = ipwld.top / "crowdsec"
        self.root, = peers.unpack(daemon.ROOT / "build/peers", "crowdsec")
        for name in "conf", "data", "bin", "decisions":
            (self.top / name).mkdir(parents=True)
        for name in "profiles.yaml", "simulation.yaml":
            (self.top / "conf" / name).write_bytes((self.root / "etc/crowdsec" / name).read_bytes())
        (self.top / "conf/index.json").write_text("{}")
        (self.top / "conf/credentials.yaml").touch()
        (self.top / "config.yaml").write_text(CONFIG.format(top=self.top), encoding="utf-8")
        self.script("cscli", f'exec {self.root}/usr/bin/cscli -c {self.top}/config.yaml "$@"')
        self.script("ipwlctl", f'exec {daemon.BUILD}/ipwlctl --socket {ipwld.socket} "$@"')
        self.job = re.search(r"^#   \* \* \* \* \* root (.*)$", SNIPPET, re.M)[1].replace(
            "/var/lib/ipwl-crowdsec", str(self.top / "decisions"))
        self.process = None
        self.cscli("machines", "add", "-a")

    def script(self, name, text):
        path = self.top / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def start(self):
        netns.at_exit(self.stop)
        with open(self.top / "output", "ab") as output, netns.uninterrupted():
            self.process = self.ipwld.namespace.popen(
                self.root / "usr/bin/crowdsec", "-c", self.top / "config.yaml", "-no-cs",
                stdout=output, stderr=output)
        wait_for(lambda: self.cscli("decisions", "list", "-o", "raw", check=False).returncode == 0,
                 "CrowdSec answers")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def cscli(self, *argv, **options):
        return self.ipwld.namespace.run(self.top / "bin/cscli", *argv, **options)

    def run_job(self):
        return self.ipwld.namespace.run("sh", "-c", f"PATH={self.top}/bin:$PATH; {self.job}",
                                        check=False)

    def lists(self):
        """The list of the snippet, with the file of this test."""
        block, = yaml.safe_load(SNIPPET)["lists"]
        block["feeds"][0]["url"] = f"file://{self.top}/decisions/decisions.csv"
        # As text of one line, which is YAML, too.
        return f"  - {block}\n".replace("True", "true").replace("{", "{{").replace("}", "}}")


def entries(ipwld):
    status, answer = ipwld.request("GET", "/v1/entries?list=crowdsec")
    assert status == 200, answer
    return {entry["prefix"]: entry for entry in answer["entries"]}


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def test_decisions(ipwld):
    crowdsec = Crowdsec(ipwld)
    crowdsec.start()
    ipwld.configure(lists=PARTNERS + crowdsec.lists())
    ipwld.start()
    # There is no decision yet, and that is no fault.
    done = crowdsec.run_job()
    assert done.returncode == DONE and entries(ipwld) == {}, done
    crowdsec.cscli("decisions", "add", "--ip", "44.1.2.3", "--duration", "2h", "--reason", "ssh, a \"lot\"")
    crowdsec.cscli("decisions", "add", "--range", "44.5.0.0/16")
    crowdsec.cscli("decisions", "add", "--ip", "2a00:1::7", "--duration", "30m")
    crowdsec.cscli("decisions", "add", "--range", "44.6.0.0/16", "--type", "captcha")
    crowdsec.cscli("decisions", "add", "--ip", "192.0.2.25")  # our own
    many = crowdsec.top / "many.csv"
    many.write_text("scope,value,type,duration,reason\n" + "".join(
        f"Ip,45.0.0.{number},ban,4h,many\n" for number in range(120)), encoding="utf-8")
    crowdsec.cscli("decisions", "import", "-i", many)
    assert crowdsec.run_job().returncode == DONE
    found = entries(ipwld)
    assert set(found) == {"44.1.2.3/32", "44.5.0.0/16", "2a00:1::7/128"} | {
        f"45.0.0.{number}/32" for number in range(120)}
    assert found["44.1.2.3/32"]["reason"] == 'ssh, a "lot"'
    assert 6000 < when(found["44.1.2.3/32"]["expires_at"]) - time.time() <= 7200
    assert verdict(ipwld, "44.5.6.7") == "block" and verdict(ipwld, "44.6.6.7") == "unlisted"

    # What CrowdSec takes back is gone at the next run; if it does not answer, all stays.
    crowdsec.cscli("decisions", "delete", "--ip", "44.1.2.3")
    assert crowdsec.run_job().returncode == DONE
    assert verdict(ipwld, "44.1.2.3") == "unlisted"
    crowdsec.stop()
    assert crowdsec.run_job().returncode != DONE
    assert verdict(ipwld, "44.5.6.7") == "block" and len(entries(ipwld)) == 122
    crowdsec.start()
    crowdsec.cscli("decisions", "delete", "--all")
    assert crowdsec.run_job().returncode == DONE and entries(ipwld) == {}


def test_local_api(ipwld):
    """The same decisions as its local API tells them to a bouncer, whole each time."""
    crowdsec = Crowdsec(ipwld)
    crowdsec.start()
    crowdsec.cscli("bouncers", "add", "ipwl", "-k", "0123456789abcdef")
    key = ipwld.top / "crowdsec.key"
    key.write_text("X-Api-Key: 0123456789abcdef\n", encoding="ascii")
    key.chmod(0o644)
    block, = yaml.safe_load(SNIPPET)["lists"]
    options = re.search(r"^#   url: .*?(?=^#$)", SNIPPET, re.M | re.S)[0].replace("#", "")
    block["feeds"][0].update(yaml.safe_load(options.replace("8080", "18080")), header_file=str(key))
    text = str(block).replace("True", "true").replace("{", "{{").replace("}", "}}")
    ipwld.configure(lists=PARTNERS + f"  - {text}\n")
    ipwld.start()

    def refresh():
        return ipwld.ctl("refresh", "crowdsec")

    # There is no decision yet, and that is no fault.
    assert refresh().returncode == DONE and entries(ipwld) == {}
    crowdsec.cscli("decisions", "add", "--ip", "44.1.2.3", "--duration", "2h", "--reason", "ssh")
    crowdsec.cscli("decisions", "add", "--range", "44.5.0.0/16")
    crowdsec.cscli("decisions", "add", "--ip", "44.7.7.7", "--type", "captcha")
    crowdsec.cscli("decisions", "add", "--scope", "Country", "--value", "DE")
    assert refresh().returncode == DONE
    found = entries(ipwld)
    assert set(found) == {"44.1.2.3/32", "44.5.0.0/16"}
    assert found["44.1.2.3/32"]["reason"] == "ssh"
    assert 6000 < when(found["44.1.2.3/32"]["expires_at"]) - time.time() <= 7200

    # What it took back is among the deleted ones of its answer.
    crowdsec.cscli("decisions", "delete", "--ip", "44.1.2.3")
    assert refresh().returncode == DONE and set(entries(ipwld)) == {"44.5.0.0/16"}
    key.write_text("X-Api-Key: wrong\n", encoding="ascii")
    assert refresh().returncode != DONE and set(entries(ipwld)) == {"44.5.0.0/16"}
