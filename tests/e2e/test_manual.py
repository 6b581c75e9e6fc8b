"""The manual page of yuebaoctl says what the program says: every command of --help has an entry, every file of import its columns."""

import re
from collections import Counter

from house import BUILD, ROOT, run

PAGE = (ROOT / "server" / "ctl" / "yuebaoctl.1.scd").read_text(encoding="utf-8")
REQUIRED = {"*": "yes", "+": "column", " ": "no"}


def told(*args):
    return run(BUILD / "server" / "ctl" / "yuebaoctl", *args, "--help", "--lang", "en").stdout


def chapter(name):
    return re.search(rf"^# {name}\n(.*?)(?=^# |\Z)", PAGE, re.M | re.S)[1]


def test_every_command_has_an_entry_and_none_has_two():
    commands = re.findall(r"^  ([a-z-]+) +\S", told().split("Common options")[0], re.M)
    assert len(commands) > 30
    entries = re.findall(r"(?:^|, )\*([a-z-]+)[ a-z-]*\*", "\n".join(re.findall(r"^\*.*", chapter("COMMANDS"), re.M)), re.M)
    assert set(commands) == set(entries)
    assert re.findall(r"^\*([a-z -]+)\* _.*\n\*\1\* _", chapter("COMMANDS"), re.M) == []


def test_every_file_of_import_has_its_columns():
    page = {
        name.replace("\\", ""): [
            (column.replace("\\", ""), required) for column, required in re.findall(r"^\|  (\S+)\n:  (\S+)\n", rows, re.M)
        ]
        for name, rows in re.findall(r"^\*(\S+\.csv)\*\n(.*?)(?=^\*|\Z)", chapter("FILES"), re.M | re.S)
    }
    program = {
        name: [(column, REQUIRED[mark]) for mark, column in re.findall(r"^  ([*+ ]) ([a-z_]+)  ", rows, re.M)]
        for name, rows in re.findall(r"^(\S+\.csv)\n(.*?)\n\n", told("import"), re.M | re.S)
    }
    assert len(program) > 8
    assert page == program


def test_what_only_asks_says_so_once():
    who = chapter("DESCRIPTION")
    assert Counter(re.findall(r"\*([a-z-]+)\*", who)).most_common(1)[0][1] == 1
