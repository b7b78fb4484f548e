# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package: reproducible, clean, complete, and nothing more than that."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import TOP, run

NEEDS_A_COMPILER = re.compile(r"\b(gcc|clang|llvm|libc6-dev|bpftool|make)\b")


def build(tree, output, umask=0o022, **environment):
    """Build in that tree; the path of the package."""
    result = run("sh", "-c", f'umask {umask:o}; exec "$@"', "sh", tree / "scripts/deb.sh", output,
                 env={**os.environ, **environment})
    assert result.returncode == 0
    package, = [path for path in output.glob("ipwl_*.deb")]
    return package


@pytest.fixture(scope="module", name="package")
def _package(tmp_path_factory):
    return build(TOP, tmp_path_factory.mktemp("deb"))


def test_the_same_tree_gives_the_same_bytes(package, tmp_path_factory):
    """In another folder, at another time, in another language and zone, with other modes."""
    tree = tmp_path_factory.mktemp("elsewhere") / "another name"
    shutil.copytree(TOP, tree, symlinks=True,
                    ignore=lambda path, names: {"build", "__pycache__"} & set(names))
    for path in tree.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (86400, 86400))
    other = build(tree, tmp_path_factory.mktemp("deb-again"), umask=0o077, LC_ALL="POSIX",
                  LANGUAGE="tr", TZ="Pacific/Auckland", HOME="/nonexistent")
    assert other.name == package.name
    if other.read_bytes() != package.read_bytes():
        for path in package, other:
            subprocess.run(["dpkg-deb", "-R", path, path.with_suffix("")], check=True)
        print(run("diff", "-rq", package.with_suffix(""), other.with_suffix("")).stdout)
        pytest.fail("the packages differ")


def test_lintian_has_nothing_to_say(package):
    changes, = package.parent.glob("*.changes")
    result = run("lintian", "--allow-root", "--pedantic", "--display-info", "--fail-on",
                 "error,warning,info,pedantic", changes)
    assert result.returncode == 0


def test_each_override_is_explained():
    lines = (TOP / "packaging/debian/ipwl.lintian-overrides").read_text().splitlines()
    previous = ""
    for line in lines:
        assert line.startswith("#") or previous, line
        previous = line


def fields(package):
    text = run("dpkg-deb", "-f", package).stdout
    return dict(re.findall(r"^([\w-]+): (.*)$", text, re.M))


def test_it_needs_no_compiler(package):
    assert not NEEDS_A_COMPILER.search(fields(package)["Depends"])


def test_it_has_what_make_install_has(package, staged):
    """Where Debian has it, packed as Debian packs it, and a few files of Debian's own."""
    listed = {line.split(maxsplit=5)[5].removeprefix("./")
              for line in run("dpkg-deb", "-c", package).stdout.splitlines() if line[0] == "-"}
    found = {re.sub(r"^lib/", "usr/lib/", re.sub(r"(?<!changelog)\.gz$", "", name))
             for name in listed}
    wanted = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    assert found - wanted == {
        "usr/lib/ipwl/take-off", "usr/share/doc/ipwl/changelog.gz",
        "usr/share/doc/ipwl/changelog.Debian", "usr/share/doc/ipwl/copyright",
        "usr/share/lintian/overrides/ipwl"}
    assert wanted <= found


def test_only_these_units_are_started_and_enabled(package, tmp_path):
    subprocess.run(["dpkg-deb", "-e", package, tmp_path], check=True)
    script = (tmp_path / "postinst").read_text()
    units = set(re.findall(r"[\w@-]+\.(?:service|socket|path|timer)", script))
    left_alone = set(re.findall(r"debian-installed '([^']+)'", script))
    assert left_alone == {"ipwl-flood.service", "ipwl-reject.service", "ipwl-summary.timer"}
    assert units - left_alone == {"ipwld.service", "ipwl-fetch.socket", "ipwl-resolve.socket",
                                  "ipwl-maillog.socket"}
    # An upgrade must not stop what it would not start again.
    before = tmp_path / "preinst"
    assert not before.exists() or not left_alone & set(before.read_text().split("'"))
    # What prerm calls stops them when the package goes.
    assert "/usr/lib/ipwl/take-off" in (tmp_path / "prerm").read_text()
    stops = (TOP / "packaging/take-off.sh").read_text()
    assert all(unit in stops for unit in left_alone)
    for name in "postinst", "prerm", "postrm":
        assert run("sh", "-n", tmp_path / name).returncode == 0


def test_the_changelog_knows_this_version():
    text = (TOP / "CHANGELOG.md").read_text()
    version = (TOP / "VERSION").read_text().strip()
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", text, re.M)
    assert text.index("## [Unreleased]") < text.index(f"## [{version}]")
    kinds = set(re.findall(r"^### (.*)$", text, re.M))
    assert kinds <= {"Upgrade notes", "Added", "Changed", "Deprecated", "Removed", "Fixed",
                     "Security"}
