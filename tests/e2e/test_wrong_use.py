"""What was asked in vain is said in the reader's language, with how it is asked; nothing half is left behind."""

import shlex
import subprocess

import pytest

from house import BUILD
from world import CLOSED, OPEN

CTL = BUILD / "server" / "ctl" / "yuebaoctl"


@pytest.mark.parametrize("command, said", [
    ("totals 220203", "用法：yuebaoctl totals (区划 | --area 学区) 时段"),
    ("missing 220203", "用法：yuebaoctl missing [--district 区划"),
    ("missing --csv --json", "请只选一种"),
    ("missing --json --csv", "请只选一种"),
    (f"totals 220203 {OPEN} --to {CLOSED}", "起止颠倒"),
    (f"trend enrolled_pupils --from {OPEN} --to {CLOSED}", "起止颠倒"),
    (f"export figures --csv --from {OPEN} --to {CLOSED}", "起止颠倒")])
def test_wrong_use_says_how_it_is_used(world, command, said):
    done = world.database.ctl("--lang", "zh", *command.split(), ok=64)
    assert said in done.stderr and f"yuebaoctl {command.split()[0]} --help" in done.stderr
    assert done.stdout == "" or "--json" in command


def test_of_several_ways_none_is_guessed(world):
    done = world.database.ctl("--lang", "zh", "calendar", "open", "2026-02..2026-01", ok=64)
    assert done.stderr.splitlines()[1:] == ["请参阅：yuebaoctl calendar --help"]


@pytest.mark.parametrize("command, status", [
    ("export figures --csv -o {there}/nowhere/x.csv", 73), ("export figures --xlsx {there}/nowhere/x.xlsx", 73),
    ("missing --xlsx {there}/nowhere/x.xlsx", 73), ("import {there}/nothing.csv", 66)])
def test_what_the_system_says_is_said_in_the_readers_language(world, tmp_path, command, status):
    done = world.database.ctl(*command.format(there=tmp_path).split(), "--lang", "zh", ok=status)
    assert "文件或目录不存在" in done.stderr and "No such file" not in done.stderr


@pytest.mark.parametrize("command", ["schools --xlsx x.xlsx", "export figures --xlsx x.xlsx", "indicators --xlsx x.xlsx"])
def test_a_file_that_may_not_grow_is_not_left_behind(world, tmp_path, command):
    """As on a full disk: the system refuses to write further."""
    line = f"ulimit -f 1; trap '' XFSZ; exec {CTL} {command} --lang zh --db {shlex.quote(world.database.conninfo())}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 73 and "文件过大" in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
