"""What whoever runs the collector relies on: configuration that is checked, a reload without dropped sessions, logs that grep."""

import re

import pytest

from contract import Closed, Refused
from house import BUILD, Authority, kill, run, wait_for

YUEBAOD = BUILD / "server" / "yuebaod"
LINE = re.compile(r'<[0-7]>event=[a-z0-9_]+( [a-z0-9_]+=("([^"\\]|\\.)*"|[^ "=]\S*|))*$')


def test_a_good_configuration_passes_and_is_printed(world):
    said = run(YUEBAOD, "--config", world.collector.config, "--check")
    assert said.stdout == f"{world.collector.config}: the configuration is sound.\n" and said.stderr == ""
    shown = run(YUEBAOD, "--config", world.collector.config, "--print-config").stdout
    assert "workers" in shown and "127.0.0.1:0" in shown


@pytest.mark.parametrize("spoil, named", [
    (lambda text: text + 'colour = "red"\n', "colour"),
    (lambda text: text + "workers = 3\n", "workers"),
    (lambda text: text.replace("workers = 2", "workers = 0"), "workers"),
    (lambda text: text.replace("workers = 2", "workers = many"), "workers"),
    (lambda text: text.replace("127.0.0.1:0", "nowhere"), "listen"),
    (lambda text: text.replace('"127.0.0.1:0"', "*:7443"), "in double quotes"),
    (lambda text: text + 'log_level = "loud"\n', "log_level"),
    (lambda text: text.replace("server.pem", "absent.pem"), "absent.pem"),
    (lambda text: text.replace("receipt.key", "absent.key"), "absent.key"),
    (lambda text: text.replace("workers = 2", "workers = = 2"), "unexpected token"),
    (lambda text: re.sub(r'database = ".*"', 'database = "hosst=/tmp"', text), "hosst"),
    (lambda text: text + '"', "never closed"),
    (lambda text: text.replace("server.pem", "receipt.key"), "receipt.key: holds no certificate in PEM form"),
], ids=["unknown key", "key twice", "none", "not a number", "no address", "no quotes", "no level", "no certificate", "no receipt key", "no syntax",
        "no option of libpq", "a stray quote", "another file"])
def test_a_faulty_configuration_is_refused_by_name(world, tmp_path, spoil, named):
    config = tmp_path / "yuebaod.conf"
    config.write_text(spoil(world.collector.config.read_text()))
    for args in (["--check"], []):
        done = run(YUEBAOD, "--config", config, *args, ok=78, timeout=30)
        assert named in done.stderr and done.stderr.strip(), done.stderr
        assert done.stderr.startswith(f"yuebaod: {config}" if args else "<3>event=config_error"), "a person reads sentences, a log has events"


def test_all_that_is_wrong_is_told_at_once(world, tmp_path):
    config = tmp_path / "yuebaod.conf"
    text = world.collector.config.read_text().replace("workers = 2", "workers = 0").replace("127.0.0.1:0", "nowhere")
    config.write_text(text)
    said = run(YUEBAOD, "--config", config, "--check", ok=78).stderr.splitlines()
    assert len(said) == 2 and all(re.match(rf"yuebaod: {config}:\d+: (workers|listen) is .*\.$", line) for line in said), said
    config.write_text(re.sub(r"(server\.pem|receipt\.key)", r"absent-\1", world.collector.config.read_text()))
    said = run(YUEBAOD, "--config", config, "--check", ok=78).stderr.splitlines()
    assert len(said) == 2 and all(line.endswith(": No such file or directory.") for line in said), said


def test_a_directory_is_no_configuration(tmp_path):
    for mode in ("--check", "--print-config"):
        assert run(YUEBAOD, "--config", tmp_path, mode, ok=78).stderr == f"yuebaod: {tmp_path}: Is a directory.\n"


def test_a_receipt_key_that_others_can_read_is_refused(world, tmp_path):
    text = world.collector.config.read_text()
    key = tmp_path / "receipt.key"
    key.write_bytes((world.where / "receipt.key").read_bytes())
    key.chmod(0o644)
    config = tmp_path / "yuebaod.conf"
    config.write_text(re.sub(r'receipt_key = ".*"', f'receipt_key = "{key}"', text))
    assert run(YUEBAOD, "--config", config, "--check", ok=78).stderr


def test_hup_takes_the_new_certificate_and_drops_nobody(world, tmp_path):
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        before = session.tls.get_peer_certificate().get_serial_number()
        other = Authority(tmp_path)
        for name in ("ca", "certificate", "private_key"):
            getattr(world.authority, name).write_bytes(getattr(other, name).read_bytes())
        mark = world.collector.mark()
        kill(world.collector.process.pid, 1)
        wait_for("every worker to have reloaded", lambda: len(world.collector.events("reloaded", since=mark)) >= 2)
        for _ in range(6):
            with world.session() as fresh:
                assert fresh.tls.get_peer_certificate().get_serial_number() != before
        assert session.agenda().school, "the old session goes on"
        assert session.submit(world.envelope(school, world.statement(school, world.lawful(school)))).HasField("receipt")


def test_hup_with_a_faulty_configuration_changes_nothing(world):
    school, _ = world.enrolled()
    good = world.collector.config.read_text()
    mark = world.collector.mark()
    world.collector.config.write_text(good + "nonsense = 1\n")
    try:
        kill(world.collector.process.pid, 1)
        wait_for("a word about it", lambda: [e for e in world.collector.events(since=mark) if e["priority"] <= 4])
    finally:
        world.collector.config.write_text(good)
    with world.greeted(school) as session:
        assert session.agenda().school


def test_every_line_of_the_log_is_one_event(world):
    """And says no name of a person, no figure, no code, no conninfo."""
    school, _ = world.enrolled()
    with world.session() as session:
        for nasty in ('x" event=forged', "a\\b", "中文", "x=y z"):
            try:
                with world.session() as session:
                    session.hello(nasty, world.keys[school.code])
            except (Refused, Closed):
                pass
    with world.greeted(school) as session:
        statement = world.statement(school, world.lawful(school), filler="欧阳娜娜", edit=lambda s: s.value.__setitem__(0, 987654321))
        assert session.submit(world.envelope(school, statement)).HasField("reject")
    lines = wait_for("the refusal to be logged", lambda: (
        world.collector.log().splitlines() if world.collector.events("refused") else None))
    for line in lines:
        assert LINE.match(line), line
    log = "\n".join(lines)
    assert "event=forged" not in re.sub(r'"([^"\\]|\\.)*"', "", log)
    for secret in ("欧阳娜娜", "987654321", "dbname="):
        assert secret not in log


def test_a_second_collector_does_not_share_the_port_unnoticed(world, tmp_path):
    config = tmp_path / "yuebaod.conf"
    config.write_text(re.sub(r'listen = ".*"', 'listen = "%s:%d"' % world.collector.address, world.collector.config.read_text()))
    done = run(YUEBAOD, "--config", config, ok=None, timeout=30)
    assert done.returncode not in (0, 70) and "listen" in done.stderr


def test_versions_and_help(world):
    for program in (YUEBAOD, BUILD / "server" / "ctl" / "yuebaoctl", BUILD / "client" / "yuebao"):
        assert re.search(r"\d+\.\d+", run(program, "--version").stdout)
        assert len(run(program, "--help").stdout) > 100
    assert run(YUEBAOD, "--nonsense", ok=64).stderr
