# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page in Chromium: what it shows, how it looks, and who can use it. Pictures of all
of it are in build/pictures."""

import os
import re
import time

import pytest

import browser
import frames
import maillog
import status_page
from daemon import BUILD, DROP, INVALID, PARTNERS, ROOT
from lab import SENDERS, wait_for
from nameserver import NameServer
from sources import Source, feed
from status_page import LISTEN, TOKEN, URL

PICTURES = BUILD / "pictures"
AXE = ROOT / "third_party/axe-core/axe.js"

SHADOW = """\
  - name: shadow
    action: block
    mode: monitor
    entries: [44.0.0.0/9]
"""
EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
LEARN = "learn: {list: partners, mode: suggest}\n"
# The guards have tests of their own.
NETWORKS = [f"9.9.{number}.0/24" for number in range(100)]
PARTNER = "partner.example"
ALLOWED = ("46.7.8.0/24 # branch offices", "203.0.113.20 # Example Ltd: invoices",
           "9.9.40.0/24 # Acme, ticket 4711", "9.9.41.7 # the insurance")
# Of senders that block lists contain, the most first; partners, then strangers.
ATTEMPTS = {"203.0.113.20": 21, "9.9.40.18": 9, "9.9.41.7": 5, "2001:db8:bad::77": 2,
            **{f"9.9.{3 * number}.{90 - number}": number for number in (31, 24, 19, 15, 12, 10, 8)},
            "44.3.7.12": 17, "2001:db8:bad::5": 6, "203.0.113.201": 3}
CANDIDATES = [f"44.1.{number}.7" for number in range(5)]


@pytest.fixture(name="shown")
def _shown(ipwld):
    ipwld.configure(extra=LISTEN + EVENTS)
    ipwld.start()
    return ipwld


@pytest.fixture(name="rich")
def _rich(lab, ipwld, wire):
    """A daemon with something in each part of the page: a week of samples, feeds, one of them
    held, candidates, and attempts."""
    source = Source(lab.mx)
    source.put("/nets", *NETWORKS)
    source.put("/hosts", "8.8.8.8", "8.8.4.4")
    zone = NameServer(namespace=lab.mx)
    zone.put(PARTNER, TXT="v=spf1 ip4:5.1.0.0/24 -all")
    ipwld.configure()
    ipwld.start()
    ipwld.stop()
    status_page.write_week(ipwld, seed=1)
    ipwld.configure(lists=PARTNERS + DROP + "    feeds:\n" + feed("botnets", source.url("/nets")) +
                    feed("open-relays", source.url("/hosts")) + SHADOW,
                    extra=f"{LISTEN}{LEARN}{EVENTS}resolver: {{servers: ['{zone.address}']}}\n")
    written = time.time() - 3.5 * 86400
    os.utime(ipwld.write_list("allow.d/branches.list", *ALLOWED), (written, written))
    ipwld.start()
    wait_for(lambda: all(item["last_fetch"] for item in ipwld.ask("feeds")["feeds"]), "fetched")
    source.put("/nets", NETWORKS[0])
    ipwld.ctl("refresh", "botnets")
    for address in CANDIDATES:
        ipwld.ask("report", "ham", address)
    wait_for(lambda: len(ipwld.ask("learn", "list")["learned"]) == len(CANDIDATES), "candidates", 1)
    log = maillog.Log()
    for days in 3, 2, 1:
        log.sent(days, f"bob@{PARTNER}", "9.9.10.7")
    ipwld.ask("learn", "backfill", log.write(ipwld.top / "old.log"))
    wait_for(lambda: any(item["last_fetch"] for item in ipwld.ask("domains")["domains"]), "learned")
    for address, count in ATTEMPTS.items():
        wire.send(*[frames.tcp(wire, address) for _ in range(count)])
    await_notes(ipwld)
    return ipwld


def visit(chromium, url=URL):
    """Open the page and wait until it shows something."""
    chromium.go(url)
    wait_for(lambda: not chromium.run("return document.getElementById('content').hidden"),
             "the page shows something")


def ask_again(chromium):
    """A minute later the page asks for what is new."""
    chromium.run("const now = Date.now() + 61000; Date.now = () => now;"
                 "document.dispatchEvent(new Event('visibilitychange'));")


def table(chromium, selector):
    """The cells of a table's body, row by row."""
    return chromium.run(
        "return [...document.querySelectorAll(`${arguments[0]} tbody tr`)]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))", selector)


def number(text):
    return int(text.replace(",", ""))


# ---- what it shows --------------------------------------------------------------------

def send_some(wire, count):
    for address in (address for sender in SENDERS for address in sender.addresses):
        wire.send(*[frames.tcp(wire, address) for _ in range(count)])


def await_notes(ipwld):
    """All that the kernel has reported is noted."""
    wait_for(lambda: 0 < ipwld.metric("ipwl_seen_attempts_total")
             == ipwld.metric("ipwl_attempts_total", fate="reported"), "it is noted")


def test_figures(shown, chromium, wire):
    """Each figure is that of the metrics, also in the tables for screen readers."""
    send_some(wire, 130)
    await_notes(shown)
    visit(chromium)
    counted = {}
    for (_, verdict), value in shown.counters("connections").items():
        counted[verdict] = counted.get(verdict, 0) + value
    assert counted["block"] == 260
    assert chromium.text("#summary") == shown.ctl("status").stdout.splitlines()[0]
    order = ("allow", "averted", "unlisted", "would_block", "block", "would_limit", "limited")
    boxes = chromium.run("return [...document.querySelectorAll('#day-sums .number')]"
                         ".map((item) => item.textContent)")
    assert [number(text) for text in boxes] == [counted.get(verdict, 0) for verdict in order]
    for figure in "#day", "#week":
        columns = list(zip(*table(chromium, figure)))[1:]
        assert [sum(map(number, column)) for column in columns] \
            == [counted.get(verdict, 0) for verdict in order], figure
    averted = {"203.0.113.77": 130, "2001:db8:bad::77": 130}
    assert {row[0]: number(row[1]) for row in table(chromium, "#saved")} == averted
    assert {row[0]: number(row[1]) for row in table(chromium, "#averted")} == averted
    assert {tuple(row[2:4]) for row in table(chromium, "#averted")} == {("drop", "partners")}
    pair, = table(chromium, "#pairs")
    assert pair[:2] == ["drop", "partners"] and number(pair[2]) == number(pair[3]) == 260 \
        == shown.metric("ipwl_averted_connections_total", allow_list="partners", block_list="drop")
    assert {row[0]: (number(row[1]), row[2]) for row in table(chromium, "#sources")} \
        == {"203.0.113.66": (130, "drop"), "2001:db8:bad::66": (130, "drop")}
    for row in table(chromium, "#lists"):
        labels = {"list": row[0], "action": row[1].split(maxsplit=1)[0]}
        assert number(row[3]) == shown.metric_sum("ipwl_list_connections_total", **labels)
    assert table(chromium, "#interfaces")[0][:2] == ["eth0", "native"]
    # All of it came from ipwld, and the browser has no complaint.
    assert chromium.run("return performance.getEntriesByType('resource')"
                        ".every((item) => item.name.startsWith(arguments[0]))", URL)
    assert chromium.complaints() == []


def test_attempts_that_were_not_noted(ipwld, chromium, wire):
    """Tables that are not complete say so; if nothing is stored, there are none."""
    ipwld.configure(extra=LISTEN + "events: {per_second: 50, per_source_minute: 10}\n")
    ipwld.start()
    send_some(wire, 130)
    await_notes(ipwld)
    visit(chromium)
    shown = sum(number(row[1]) for where in ("#averted", "#sources")
                for row in table(chromium, where))
    missing, = re.findall(r"lack ([\d,]+) attempts", chromium.text("#left-out"))
    assert 0 < shown < 520 and shown + number(missing) == 520
    ipwld.configure(extra=LISTEN + "seen: {keep: none}\n")
    ipwld.ask("reload")
    ask_again(chromium)
    wait_for(lambda: chromium.run("return document.getElementById('sources-section').hidden"),
             "no sources")
    assert chromium.run("return document.getElementById('averted').parentElement.hidden")
    assert number(table(chromium, "#pairs")[0][2]) == 260


def test_each_part(rich, chromium):
    visit(chromium)
    feeds = {row[0]: row for row in table(chromium, "#feeds")}
    assert feeds["botnets"][1] == "new copy held" and feeds["botnets"][4] == "100"
    assert feeds["open-relays"][1] == "up to date" and feeds["open-relays"][4] == "2"
    assert re.fullmatch(r"\d+ (s|min) ago", feeds["open-relays"][2])
    assert [row[:2] for row in table(chromium, "#domains")] \
        == [[f"spf:{PARTNER}", "not in force, suggested only"]]
    held = chromium.text("#held")
    assert "botnets (1 entry, " in held and "more than 50 % fewer" in held
    assert "addresses: 5 waiting, 0 in force; partner domains: 1 waiting" \
        in chromium.text("#learn")
    assert [row[0] for row in table(chromium, "#candidates")] \
        == [f"spf:{PARTNER}", *CANDIDATES]
    lists = {row[0]: row for row in table(chromium, "#lists")}
    assert lists["partners"][4] == "3 d ago" and lists["shadow"][4] == ""
    assert re.fullmatch(r"\d+ (s|min) ago", lists["drop"][4])
    assert "block (monitor)" in [row[1] for row in table(chromium, "#lists")]
    # The plots have as many points as they have room for.
    assert chromium.run("return document.querySelectorAll('.plot canvas').length") == 2
    assert len(table(chromium, "#day")) in (24, 25) and len(table(chromium, "#week")) in (28, 29)
    assert rich.ctl("status").stdout.splitlines()[0] == chromium.text("#summary")
    averted = [(row[0], number(row[1]), row[4]) for row in table(chromium, "#averted")]
    assert averted == [("203.0.113.20", 21, "Example Ltd: invoices"),
                       ("9.9.40.0/24", 9, "Acme, ticket 4711"), ("9.9.41.7", 5, "the insurance"),
                       ("2001:db8:bad::77", 2, averted[3][2])]
    sources = [(row[0], number(row[1])) for row in table(chromium, "#sources")]
    assert sources == sorted([*ATTEMPTS.items()][4:], key=lambda item: -item[1])
    assert [row[2] for row in table(chromium, "#sources") if row[0] == "44.3.7.12"] \
        == ["shadow (monitor)"]
    assert chromium.complaints() == []


HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\u202etxet"


def test_text_of_others_stays_text(shown, chromium):
    """A configuration that an attacker has a word in, and the error that quotes it."""
    with shown.config.open("a", encoding="utf-8") as file:
        file.write(f'  - name: "{HOSTILE}"\n    action: block\n')
    assert shown.ctl("reload").returncode == INVALID
    visit(chromium)
    assert "<img src=x onerror='window.hit=1'>" in chromium.text("#held")
    assert "<img" in chromium.text("#problems")
    assert chromium.run("return window.hit ?? document.querySelector('img, main script')") is None
    # It cannot turn the text around it.
    assert chromium.run("return [...document.querySelectorAll('#held li')]"
                        ".every((item) => item.firstElementChild.tagName === 'BDI')")
    assert chromium.complaints() == []


def test_silence_is_no_good_news(shown, chromium):
    """A daemon that is gone does not look protected, and comes back."""
    visit(chromium)
    assert chromium.run("return document.getElementById('health').className") == "ok"
    shown.stop()
    ask_again(chromium)
    wait_for(lambda: "does not answer" in chromium.text("#summary"), "the page says so")
    assert chromium.run("return document.getElementById('health').className") == "unknown"
    assert "no answer" in chromium.run("return document.title")
    shown.start()
    ask_again(chromium)
    wait_for(lambda: chromium.text("#summary").startswith("mail is protected"), "it is back")


# ---- for whom ------------------------------------------------------------------------

def test_a_browser_with_the_token(ipwld, chromium):
    path = ipwld.write_list("web.token", TOKEN)
    ipwld.configure(extra=LISTEN.replace("}", f", token_file: {path}}}"))
    ipwld.start()
    chromium.go(URL)
    assert "ipwl status" not in chromium.run("return document.documentElement.innerHTML")
    visit(chromium, URL.replace("//", f"//ipwl:{TOKEN}@"))
    assert chromium.text("#summary").startswith("mail is protected")


def test_a_name_that_points_here(shown, chromium):
    """DNS rebinding: the browser asks us by the attacker's name."""
    assert shown.interface()["attached"]
    chromium.go(f"http://attacker.localhost:{status_page.ADDRESS[1]}/")
    assert "421 Misdirected Request" in chromium.run("return document.body.textContent")


def test_by_keyboard(rich, chromium):
    assert rich.interface()["attached"]
    chromium.look(browser.DESK, "light")
    visit(chromium)
    chromium.press("Tab")
    assert chromium.run("return document.activeElement.className") == "skip"
    chromium.press("Enter", "Tab", "Space")
    assert chromium.run("return document.activeElement.checked") is False
    assert chromium.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(40):
        chromium.press("Tab")
        if chromium.run("return document.activeElement.tagName") == "SUMMARY":
            break
    chromium.press("Enter")
    assert chromium.run("return document.querySelector('#day details').open")
    # What scrolls can be reached.
    chromium.press("Tab")
    assert chromium.run("return document.activeElement.className") == "scroll"


def test_pictures_for_the_readme(rich, chromium):
    """scripts/pictures.sh takes them to docs/pictures."""
    chromium.look((1100, 830), "light")
    visit(chromium)
    chromium.run("document.getElementById('host').textContent = ' on mx1.example.org'")
    chromium.picture(PICTURES / "readme/status-page.png", is_whole=False)
    summary = PICTURES / "readme/summary.html"
    summary.write_text(rich.ctl("summary", "--format", "html").stdout, encoding="utf-8")
    chromium.look((820, 786), "light")
    chromium.go(summary.as_uri())
    chromium.run("const title = document.querySelector('h1');"
                 "title.textContent = title.textContent.replace(/ on \\S+,/, ' on mx1.example.org,')")
    assert "mx1.example.org" in chromium.text("h1") and chromium.run("return document.querySelector('svg')")
    chromium.picture(PICTURES / "readme/summary.png", is_whole=False)


def check_accessible(chromium):
    """No finding of axe, and nothing wider than the window."""
    chromium.run(f"{AXE.read_text(encoding='utf-8')};window.axe = axe;")
    found = chromium.run_async(
        "const done = arguments[0]; axe.run().then((result) => done(result.violations.map("
        "(one) => [one.id, one.nodes.map((node) => node.html)])))")
    assert found == []
    assert chromium.run("const page = document.documentElement;"
                        "return page.scrollWidth <= page.clientWidth")


def test_accessible_everywhere(rich, chromium):
    """axe-core, at phone and desk widths, in light and dark, with and without trouble."""
    def look_everywhere(state):
        for name, size in ("phone", browser.PHONE), ("desk", browser.DESK):
            for scheme in "light", "dark":
                chromium.look(size, scheme)
                visit(chromium)
                chromium.picture(PICTURES / f"status-page-{state}-{name}-{scheme}.png")
                chromium.run("document.querySelectorAll('details').forEach((one) => "
                             "{ one.open = true; })")
                check_accessible(chromium)
    look_everywhere("good")
    rich.config.write_text(f"mode: [\n# {HOSTILE}\n", encoding="utf-8")
    assert rich.ctl("reload").returncode == INVALID
    rich.ctl("detach")
    look_everywhere("detached")
    rich.stop()
    ask_again(chromium)
    wait_for(lambda: "does not answer" in chromium.text("#summary"), "the page says so")
    check_accessible(chromium)
    chromium.picture(PICTURES / "status-page-silent-desk-dark.png")
