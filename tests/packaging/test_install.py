# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make install` and `make uninstall` do to a root."""

import stat

from conftest import TOP, make, run

FILES = {
    "etc/ipwl/ipwld.yaml": 0o644,
    **{f"usr/lib/systemd/system/{name}": 0o644 for name in (
        "ipwl-after@.path", "ipwl-after@.service", "ipwl-bpffs.service", "ipwl-fetch.socket",
        "ipwl-fetch@.service", "ipwl-flood.service", "ipwl-maillog.socket", "ipwl-maillog@.service", "ipwl-resolve.socket", "ipwl-resolve@.service",
        "ipwl-reject.service", "ipwl-summary.service", "ipwl-summary.timer",
        "ipwld.service", "ipwld.socket")},
    "usr/lib/sysusers.d/ipwl.conf": 0o644,
    "usr/lib/tmpfiles.d/ipwl.conf": 0o644,
    # Members of the group ipwl have no sbin in their PATH.
    "usr/bin/ipwlctl": 0o755,
    "usr/sbin/ipwl-fetch": 0o755,
    "usr/sbin/ipwl-maillog": 0o755,
    "usr/sbin/ipwl-reject": 0o755,
    "usr/sbin/ipwl-resolve": 0o755,
    "usr/sbin/ipwld": 0o755,
    "usr/share/bash-completion/completions/ipwlctl": 0o644,
    "usr/share/fish/vendor_completions.d/ipwlctl.fish": 0o644,
    "usr/share/zsh/vendor-completions/_ipwlctl": 0o644,
    "usr/share/ipwl/freemail-domains.list": 0o644,
    "usr/share/man/man5/ipwld.yaml.5": 0o644,
    "usr/share/man/man8/ipwl-fetch.8": 0o644,
    "usr/share/man/man8/ipwl-maillog.8": 0o644,
    "usr/share/man/man8/ipwl-reject.8": 0o644,
    "usr/share/man/man8/ipwl-resolve.8": 0o644,
    "usr/share/man/man8/ipwlctl.8": 0o644,
    "usr/share/man/man8/ipwld.8": 0o644,
}
DOCUMENTS = "usr/share/doc/ipwl/"


def modes(root):
    return {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode)
            for path in root.rglob("*") if path.is_file()}


def test_installs_these_files_and_no_others(staged):
    found = modes(staged)
    documents = {path for path in found if path.startswith(DOCUMENTS)}
    assert {path: found[path] for path in found.keys() - documents} == FILES
    assert {found[path] for path in documents} == {0o644}
    assert {DOCUMENTS + "README.md", DOCUMENTS + "socket.conf"} <= documents
    for directory in ("etc/ipwl/allow.d", "etc/ipwl/block.d", "usr/lib/ipwl/bpf/ipwl"):
        path = staged / directory
        assert path.is_dir() and not any(path.iterdir())


def test_a_configuration_that_is_there_stays(tmp_path):
    make("install", f"DESTDIR={tmp_path}")
    config = tmp_path / "etc/ipwl/ipwld.yaml"
    config.write_text("# mine\n")
    config.chmod(0o600)
    make("install", f"DESTDIR={tmp_path}")
    assert config.read_text() == "# mine\n"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_uninstall_leaves_configuration_and_state_alone(tmp_path):
    make("install", f"DESTDIR={tmp_path}")
    kept = {"etc/ipwl/ipwld.yaml", "etc/ipwl/allow.d/a.list", "var/lib/ipwl/state.db"}
    for name in kept:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    make("uninstall", f"DESTDIR={tmp_path}")
    assert set(modes(tmp_path)) == kept
    assert not (tmp_path / "usr/lib/ipwl").exists()


def test_other_paths_are_written_into_the_files(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/opt/mail", "SYSCONFDIR=/opt/etc")
    unit = (tmp_path / "opt/mail/lib/systemd/system/ipwld.service").read_text()
    assert "ExecStart=/opt/mail/sbin/ipwld -f -c /opt/etc/ipwl/ipwld.yaml\n" in unit
    assert "ExecReload=/opt/mail/bin/ipwlctl reload\n" in unit
    assert "ExecPaths=/opt/mail/sbin/ipwld /opt/mail/bin/ipwlctl " in unit
    assert "BindReadOnlyPaths=/opt/mail/lib/ipwl/bpf:" in unit
    fetch = (tmp_path / "opt/mail/lib/systemd/system/ipwl-fetch@.service").read_text()
    assert "ExecStart=-/opt/mail/sbin/ipwl-fetch\n" in fetch
    config = (tmp_path / "opt/etc/ipwl/ipwld.yaml").read_text()
    assert "/opt/etc/ipwl/allow.d/" in config and "/opt/etc/ipwl/block.d/" in config
    for text in (unit, fetch, config):
        assert "/usr/sbin" not in text and " /etc/ipwl" not in text
    assert set(path.name for path in tmp_path.iterdir()) == {"opt"}


def test_sample_configuration_is_valid_and_attaches_nothing(staged):
    sample = staged / "etc/ipwl/ipwld.yaml"
    assert "\nmode: monitor" in sample.read_text()
    result = run(staged / "usr/sbin/ipwld", "-t", "-c", sample)
    assert result.returncode == 0
    warnings = [line for line in result.stdout.splitlines() if "error" in line or "warning" in line]
    assert len(warnings) == 1 and "no interface, so ipwl sees no packet" in warnings[0]


def test_a_user_can_build_what_root_installs():
    """The build writes below B alone, so it needs no privilege."""
    plan = run("make", "-n", "-B", "B=/nonexistent/build", "all").stdout
    outputs = [word for line in plan.splitlines() for flag, word in
               zip(line.split(), line.split()[1:]) if flag in ("-o", ">", "-p")]
    assert len(outputs) > 20
    assert all(path.startswith("/nonexistent/build") for path in outputs)


def test_make_help_lists_the_public_targets():
    listed = {line.split("\t")[0] for line in run("make", "help").stdout.splitlines()}
    assert {"all", "test", "lint", "soak", "fuzz", "bench", "install", "uninstall", "clean"} <= listed


def test_help_works_beside_many_builds(tmp_path):
    """make includes all their dependency files. Their names are longer than a command line may be."""
    for number in range(2000):
        (tmp_path / f"{number:0100}.d").touch()
    assert "uninstall\t" in run("make", f"B={tmp_path}", "help").stdout


def test_ci_runs_the_whole_script():
    text = (TOP / ".ci/run").read_text()
    assert "export CI=true" in text and text.rstrip().endswith("./scripts/test.sh </dev/null")


def test_builds_of_one_directory_share_their_objects(tmp_path):
    """Whatever is made first, and with -Werror or without. Other flags make other objects."""
    def flags(*argv):
        make(f"B={tmp_path}", *argv)
        return (tmp_path / "flags").read_text()

    first = flags(f"{tmp_path}/user/base/log.o", "WERROR=1")
    assert first.endswith(" -Werror\n") and "IPWL_VERSION" not in first
    assert flags(f"{tmp_path}/user/ctl/main.o", "WERROR=1") == first
    assert flags(f"{tmp_path}/user/base/log.o", "WERROR=") == first
    assert "-O0" in flags(f"{tmp_path}/user/base/log.o", "CFLAGS=-O0")
