"""Real-looking data that nobody here has seen: imported with its own districts, schools, indicators and rules, and sent through the real client.
What can be accepted is; what is wrong is named by file, row, column, value and rule; missing is never zero."""

import json
import os
import random
from decimal import Decimal

import pytest

import contract
import strange_data as data
import world as worlds
from strange_data import Books, COLUMNS, DAYS, DECIMALS, faults_of, rows, schools
from world import OPEN

SEED = int(os.environ.get("YUEBAO_SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)
OVER_THE_WIRE = {"M-OFFICE-2", "X-OFFICE-2", "K-OFFICE-2", "X-OFFICE-1"}  # by a program of their own; the others have a desk
DRESSES = [("utf-8", "\r\n"), ("utf-8-sig", "\n"), ("utf-16", "\r\n"), ("gb18030", "\r\n")]
NAMES = ["--filler", "Ms O'Hara", "--reviewer", "李强", "--head", "赵敏"]


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    database = cluster.create("strange_data")
    database.ctl("migrate")
    where = scratch / "strange"
    where.mkdir()
    made = database.ctl("import", data.catalogue_files(where), "--json")
    assert json.loads(made.stdout), made
    database.ctl("calendar", "open", f"{DAYS[0]}..{DAYS[-1]}", "--frequency", "daily", "--due", "now+5d", "--closes", "now+9d")
    database.ctl("calendar", "open", OPEN, "--frequency", "monthly", "--due", "now+5d", "--closes", "now+9d")
    world = worlds.World(scratch, database, authority)
    world.schools = [worlds.School(s.code, s.office, "primary", s.district, s.name, s.name) for s in schools()]
    world.by_code = {s.code: s for s in world.schools}
    yield world
    world.close()


@pytest.fixture(scope="module")
def raws():
    print(f"YUEBAO_SEED={SEED}")
    return rows(SEED)


@pytest.fixture(scope="module")
def books():
    return Books()


@pytest.fixture(scope="module")
def desks(world):
    """One desk an office, enrolled as the first of its schools."""
    found = {}
    for school in schools():
        if school.office not in found and school.office not in OVER_THE_WIRE:
            found[school.office] = world.desk(world.by_code[school.code])
    return found


OFFICE = {school.code: school.office for school in schools()}


def submit(desk, raw, cells, dress):
    path = desk.home / f"{raw.school}-{raw.period}.csv"
    path.write_bytes(data.sheet_of(raw, cells, *dress))
    done = desk("submit", path, *NAMES, "--json", ok=None)
    assert done.returncode in (0, 65), done
    return done.returncode, json.loads(done.stdout)


def test_sheets_as_they_come(world, raws, books, desks):
    """First with the raw cells: refused exactly where they are wrong; then with what the clerk makes of it."""
    assert {raw.school for raw in raws} == set(OFFICE)
    refused = 0
    for n, raw in enumerate(r for r in raws if OFFICE[r.school] in desks):
        desk, dress, wanted = desks[OFFICE[raw.school]], DRESSES[n % len(DRESSES)], faults_of(raw)
        status, told = submit(desk, raw, raw.cells, dress)
        found = {(f.get("row"), f.get("column"), f["code"], f["found"]) for f in told["findings"] if f["severity"] == "error"}
        assert found == wanted, (SEED, raw)
        assert all(f.get("hint") for f in told["findings"] if f["code"] == "CELL_NOT_A_NUMBER"), told
        assert status == (65 if wanted else 0)
        cells = raw.cells if not wanted else raw.clean if raw.submits else None
        if wanted and cells:
            status, told = submit(desk, raw, cells, dress)
            assert status == 0, (SEED, raw, told)
        refused += bool(wanted)
        if cells:
            books.accept(raw, cells)
    assert refused > 20, "the generator has become tame"


def test_the_others_send_by_a_program_of_their_own(world, raws, books):
    """The same data over the wire; what is not a number never becomes one."""
    keys, sessions = {}, {}
    for raw in raws:
        office = OFFICE[raw.school]
        if office not in OVER_THE_WIRE or not raw.submits:
            continue
        if office not in keys:
            keys[office] = world.enrol(world.by_code[raw.school])
            sessions[office] = world.greeted(world.by_code[raw.school])
        cells = raw.clean if faults_of(raw) else raw.cells
        number = {code: world.catalogue.number(code) for code in cells}
        figures = {number[code]: data.scaled(code, text) for code, text in cells.items() if isinstance(text, str)}
        missing = {number[code]: reason for code, reason in cells.items() if isinstance(reason, int)}
        sent = contract.statement(raw.school, raw.form, raw.period, world.catalogue.hash, figures, missing=missing)
        assert sessions[office].submit(contract.envelope(keys[office], sent)).HasField("receipt"), raw
        books.accept(raw, cells)
    for session in sessions.values():
        session.close()


def test_codes_that_are_in_no_register(world, desks):
    desk = next(iter(desks.values()))
    for code in ("99Z999", "01M15", "1M015", "01m015", OFFICE[schools()[0].code]):
        raw = data.Raw(code, data.MONTHLY, OPEN, {"roll": "300"})
        status, told = submit(desk, raw, raw.cells, DRESSES[0])
        assert status == 65 and [(f["code"], f["found"]) for f in told["findings"]] == [("UNKNOWN_SCHOOL", code)]


def test_totals_are_the_sums_of_the_raw_cells(world, books):
    shown = {(district, period, code): [schools_, excused, value] for district, period, code, schools_, excused, value in world.database.rows(
        "SELECT district, period, indicator, schools, excused, value FROM api.district_total")}
    wanted = {key: [cell[0], cell[1], Decimal(cell[2]).scaleb(-DECIMALS.get(key[2], 0)) if cell[0] else None] for key, cell in books.cells.items()}
    assert shown == wanted
    world.assert_books_agree()


def test_missing_is_never_zero(world, raws, books):
    """A cell that was hidden is a reason, a day that was not submitted is owed, and neither is a figure."""
    assert world.database.value("SELECT count(*) FROM api.figure WHERE missing_en IS NOT NULL AND value IS NOT NULL") == 0
    owed = {(raw.school, raw.form, raw.period) for raw in raws}
    missing = {tuple(row) for row in world.database.rows("SELECT school, form, period FROM api.missing")}
    assert missing == owed - books.reported and missing, "exactly those that were not submitted"
    told = {(s, p): v for s, p, v in world.database.rows("SELECT school, period, value FROM api.figure WHERE indicator = 'att_present'")}
    for raw in raws:
        if not raw.submits:
            assert (raw.school, raw.period) not in told
        elif set(raw.clean.values()) == {1}:
            assert told[raw.school, raw.period] is None


def test_everything_again_changes_nothing(world, raws, books, desks):
    """The whole file once more, as a clerk does who is not sure: receipts again, and the same books."""
    before = world.totals()
    for raw in [r for r in raws if OFFICE[r.school] in desks and not faults_of(r)][:12]:
        status, told = submit(desks[OFFICE[raw.school]], raw, raw.cells, DRESSES[0])
        assert status == 0
    assert world.totals() == before
    assert world.database.value("SELECT count(*) FROM yuebao.report") == len(books.reported)


# ---- a hostile import ------------------------------------------------------------------------------------------------------------

INDICATOR = "indicator,name_zh,name_en,unit,measure,numerator_zh,numerator_en,denominator_zh,denominator_en,over_schools,over_time,reported_by,frequency,decimals," \
            "denominator_decimals,required,veto,min,max,note\r\n"
HOSTILE = {  # file -> (its text, {(row, column, value)} of every fault)
    "districts.csv": (
        "district,parent,level,name_zh,name_en\r\n"
        "81010,810000,county,甲,A\r\n"             # five digits
        "810104,899999,county,乙,B\r\n"            # hangs under nothing
        "810105,810101,province,丙,C\r\n"          # a province under a county
        "810106,810100,borough,丁,D\r\n"           # no such level
        "810107,,county,戊,E\r\n"                  # no parent
        "810108,810100,county,,F\r\n"              # no name
        "810101,810100,county,曼区,Manhattan\r\n"
        "810101,810100,county,曼区,Manhattan\r\n"  # twice
        "810109,810100,county,己,G,有余\r\n",      # ragged
        {(2, "district", "81010"), (3, "parent", "899999"), (4, "parent", "810101"), (5, "level", "borough"), (6, "parent", ""), (7, "name_zh", ""),
         (9, "district", "810101"), (10, None, None)}),
    "schools.csv": (
        "code,institution,kind,name_zh,name_en,district,opened_on,closed_on\r\n"
        "01 M015,X,primary,甲,A,810101,1998-09-01,\r\n"             # a blank in the code
        "99Z001,X,highschool,乙,B,810101,1998-09-01,\r\n"           # no such kind
        "99Z002,X,primary,丙,C,899999,1998-09-01,\r\n"              # no such district
        "99Z003,X,primary,丁,D,810101,1998-9-1,\r\n"                # no ISO date
        "99Z004,X,primary,戊,E,810101,1998-09-01,1990-01-01\r\n"    # closed before it opened
        "99Z005,X,primary,,,810101,,\r\n"                           # no name, no day
        "99Z006,X,primary,己,F,810101,2025-02-29,\r\n",             # no such day
        {(2, "code", "01 M015"), (3, "kind", "highschool"), (4, "district", "899999"), (5, "opened_on", "1998-9-1"), (6, "closed_on", "1990-01-01"),
         (7, "name_zh", ""), (7, "opened_on", ""), (8, "opened_on", "2025-02-29")}),
    "indicators.csv": (
        INDICATOR +
        "Att-Rate,甲,A,pupils,count,,,,,sum,sum,primary,daily,0,,yes,no,0,10,\r\n"                      # no code
        "att_x1,乙,B,pupils,number,,,,,sum,sum,primary,daily,0,,yes,no,0,10,\r\n"                       # no such measure
        "att_x2,丙,C,pupils,count,,,,,sum,sum,primary|primary,daily,0,,yes,no,0,10,\r\n"                # the same kind twice
        "att_x3,丁,D,pupils,count,,,,,sum,sum,primary,hourly,0,,yes,no,0,10,\r\n"                       # no such frequency
        "att_x4,戊,E,pupils,count,,,,,sum,sum,primary,daily,7,,yes,no,0,10,\r\n"                        # too many decimals
        "att_x5,己,F,pupils,count,,,,,sum,sum,primary,daily,0,,yes,no,10,0,\r\n"                        # bounds the wrong way round
        "att_x6,庚,G,pupils,count,,,,,ratio_of_sums,sum,primary,daily,0,,yes,no,0,10,\r\n"              # a count is no ratio
        "att_x7,辛,H,pupils,count,,,,,sum,sum,primary,daily,0,2,yes,no,0,10,\r\n"                       # a denominator's decimals
        "att_x8,壬,I,pupils,count,,,,,sum,sum,primary,daily,0,,maybe,no,0,\"1,000\",\r\n",              # neither yes nor no; thousands
        {(2, "indicator", "Att-Rate"), (3, "measure", "number"), (4, "reported_by", "primary|primary"), (5, "frequency", "hourly"), (6, "decimals", "7"),
         (7, "max", "0"), (8, "over_schools", "ratio_of_sums"), (9, "denominator_decimals", "2"), (10, "required", "maybe"), (10, "max", "1,000")}),
    "rules.csv": (
        "rule,severity,left,op,right,message_zh,message_en\r\n"
        "r1,fatal,roll,<=,meals_served,甲,A\r\n"             # no such severity
        "r2,error,roll,<,meals_served,乙,B\r\n"              # no such operator
        "r3,error,roll +,<=,meals_served,丙,C\r\n"           # a term is missing
        "r4,error,rolls,<=,meals_served,丁,D\r\n"            # no such indicator
        "r5,error,roll.den,<=,meals_served,戊,E\r\n"         # a count has no denominator
        "r7,warning,roll,<=,meals_served,,\r\n",             # without a word
        {(2, "severity", "fatal"), (3, "op", "<"), (4, "left", "roll +"), (5, "left", "rolls"), (6, "left", "roll.den"), (7, "message_zh", ""), (7, "message_en", "")}),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_fault_of_a_hostile_import_at_once(world, tmp_path, lang):
    def everything():
        return [world.database.value(f"SELECT count(*) FROM yuebao.{table}") for table in
                ("district", "school", "indicator", "rule", "catalogue", "form", "form_indicator")]

    before = everything()
    for name, (text, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(text.encode("utf-8"))
    done = world.database.ctl("import", tmp_path, "--json", "--lang", lang, ok=65)
    told = json.loads(done.stdout)
    for name, (_, wanted) in HOSTILE.items():
        found = {(f["row"], f["column"] or None, f["value"] if f["column"] else None) for f in told if f["file"].endswith(name)}
        assert found == {(row, column, value if column else None) for row, column, value in wanted}, name
    assert all(f["problem"] for f in told)
    assert everything() == before, "the whole is checked before anything is changed"


def test_a_rule_that_no_form_holds_cannot_refuse(world, tmp_path):
    (tmp_path / "rules.csv").write_text("rule,severity,left,op,right,message_zh,message_en\nmixed,error,roll,<=,att_present,己,F\n")
    told = json.loads(world.database.ctl("import", tmp_path / "rules.csv", "--json", "--lang", "en", ok=65).stdout)
    assert [f["row"] for f in told] == [2] and "warning" in told[0]["problem"]


@pytest.mark.parametrize("name, content", [
    ("schools.csv", b""), ("schools.csv", b"\xff\xff\xff"), ("schools.csv", b'code,kind\r\n"open'), ("schools.csv", "学校,区划\r\n".encode()),
    ("rules.csv", b"PK\x03\x04" + b"\0" * 64), ("indicators.csv", INDICATOR.encode("utf-16-le")), ("districts.csv", b"district;parent;level\r\n810000;;nation\r\n")],
    ids=["empty", "no encoding", "open quote", "other columns", "a workbook", "header alone, without a mark", "semicolons"])
def test_files_that_are_none(world, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    done = world.database.ctl("import", tmp_path / name, ok=None)
    assert done.returncode in (65, 0) and (done.stdout + done.stderr).strip(), done
    assert done.returncode == 65 or content.startswith(b"i\0"), "a header alone changes nothing"
