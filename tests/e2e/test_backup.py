"""A base backup and the log after it, restored somewhere else: every receipt that was given is there, and everything agrees."""

import os
import shutil
import subprocess

import pytest

from house import BUILD, ROOT, environment, run, wait_for

BACKUP = ROOT / "deploy" / "backup"


@pytest.fixture(scope="module")
def kept(cluster):
    """Where backups go; the server archives into it until the module is done."""
    where = cluster.dir / "backup"
    (where / "wal").mkdir(parents=True)
    if os.getuid() == 0:
        owner = subprocess.run([str(ROOT / "deploy" / "cluster"), "owner"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        shutil.chown(where / "wal", owner)
        shutil.copy(BACKUP / "archive-wal", where)  # a clone under /root cannot be entered by the server's user
    program = where / "archive-wal" if os.getuid() == 0 else BACKUP / "archive-wal"
    cluster.rows("postgres", "ALTER SYSTEM SET archive_mode = on")
    cluster.rows("postgres", f"ALTER SYSTEM SET archive_command = '{program} {where}/wal %p %f'")
    cluster.stop()
    cluster.start()
    yield where
    for name in ("archive_mode", "archive_command"):
        cluster.rows("postgres", f"ALTER SYSTEM RESET {name}")
    cluster.stop()
    cluster.start()


def file(world, seed):
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, world.statement(school, world.lawful(school, seed=seed)))).HasField("receipt")


def test_restored_to_the_last_receipt(world, cluster, kept):
    for seed in range(2):
        file(world, seed)
    env = environment({"PGHOST": cluster.socket, "PGUSER": "postgres", "YUEBAO_CTL": str(BUILD / "server" / "ctl" / "yuebaoctl")})
    subprocess.run([str(BACKUP / "base"), str(kept)], env=env, check=True, stdout=subprocess.DEVNULL)
    for seed in range(3):
        file(world, seed)
    last = cluster.rows("postgres", "SELECT pg_walfile_name(pg_switch_wal())")[0][0]
    wait_for("the log to be archived", lambda: (kept / "wal" / last).exists())
    done = run(BACKUP / "drill", kept, world.database.name, env=env)
    assert "restored: 5 reports" in done.stdout
    assert "5 reports" in done.stdout.split("\n", 1)[1] and "put away" not in done.stdout
    assert "from before" in run(BACKUP / "drill", kept, world.database.name, "2026-01-01", env=env, ok=66).stderr
    assert "recovery target" in run(BACKUP / "drill", kept, world.database.name, "2099-01-01", env=env, ok=65).stderr, "and it does not wait for ever"
    assert not [p for p in os.listdir("/var/tmp") if p.startswith("yuebao-drill-")]


def test_a_segment_is_never_replaced_by_another(tmp_path):
    (tmp_path / "wal").mkdir()
    for name, text in (("one", "first"), ("two", "second")):
        (tmp_path / name).write_text(text)
    run(BACKUP / "archive-wal", tmp_path / "wal", tmp_path / "one", "0001")
    run(BACKUP / "archive-wal", tmp_path / "wal", tmp_path / "one", "0001")
    assert "is another" in run(BACKUP / "archive-wal", tmp_path / "wal", tmp_path / "two", "0001", ok=65).stderr
    assert (tmp_path / "wal" / "0001").read_text() == "first"
