"""The circular says what the other commands say, and what was signed; its text, its workbook and its JSON say the same."""

import functools
import json
import re
import zipfile
from fractions import Fraction

import pytest

import figures
from contract import pb
from house import BUILD, run
from test_kept import keep
from test_looking import CITY, COUNTY, PUPILS, Said, ask, same
from world import CLOSED, FUTURE, LATE, OPEN, TODAY
from xlsx import Workbook

PLAN, CITY_PLAN, ELSEWHERE = "county-now", "city-now", 619900
STRANGE = "甲|乙*丙_丁[戊](己)<庚>`辛`\\壬#1. 癸&amp;~子~"


def write_plans(world, where, share):
    begin, end = f"{OPEN[:4]}-01-01", f"{TODAY.year + 1}-12-31"
    rows = {"plans.csv": ["plan,title_zh,title_en,issuer_zh,district,period_start,period_end,issued_on,note",
                          f"{PLAN},区规划,County plan,区,{COUNTY},{begin},{end},,", f"{CITY_PLAN},市规划,City plan,市,{CITY},{begin},{end},,"],
            "targets.csv": ["plan,indicator,district,direction,value,unit,due,responsible",
                            f"{PLAN},{PUPILS},{COUNTY},at_least,1,pupils,{end},", f"{PLAN},{share},{COUNTY},at_most,0,ratio,{end},",
                            f"{CITY_PLAN},{PUPILS},{CITY},at_least,9999999,pupils,{end},{COUNTY}", f"{CITY_PLAN},{share},{CITY},at_least,0,ratio,{end},"]}
    for name, lines in rows.items():
        (where / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    world.database.ctl("import", where / "plans.csv", where / "targets.csv")


@pytest.fixture(scope="module")
def said(make_world, tmp_path_factory):
    said = Said(make_world(workers=1))
    world = said.world
    said.share = next(world.catalogue.indicators[n].code for n in sorted(world.catalogue.forms["primary.monthly"].optional)
                      if world.catalogue.indicators[n].measure == pb.RATIO)
    said.schools = [world.enrolled("primary", COUNTY)[0] for _ in range(4)] + [world.enrolled(*where)[0] for where in (("junior", COUNTY), ("primary", CITY))]
    for n, school in enumerate(said.schools):
        if n != 1:
            said.send(school, LATE, seed=n)
        said.send(school, OPEN, seed=n + 10)
    keep(world, said.schools[0])
    silent = next(s for s in world.schools if s.district == COUNTY and s.kind == "kindergarten")
    world.database.run("UPDATE yuebao.school SET name_zh = %s, name_en = %s WHERE code = %s", STRANGE, STRANGE, silent.code)
    world.database.run("UPDATE yuebao.school SET opened_on = %s WHERE code = %s", OPEN + "-02", said.schools[0].code)
    limits = tmp_path_factory.mktemp("limits") / "thresholds.csv"
    limits.write_text(f"""threshold,indicator,level,district,kind,direction,bound,severity,name_zh,name_en,valid_from,valid_until,note
large,{PUPILS},school,{COUNTY},,above,1,critical,人数偏多,Too many,2000-01-01,,
small,{PUPILS},school,{COUNTY},,below,0,notice,人数偏少,Too few,2000-01-01,,
""", encoding="utf-8")
    world.database.ctl("import", limits)
    write_plans(world, tmp_path_factory.mktemp("plans"), said.share)
    world.database.run("UPDATE yuebao.indicator SET veto = true, veto_direction = 'at_most', veto_bound = 0 WHERE code = %s", PUPILS)
    return said


@functools.cache
def circular(said, district, period=OPEN, *more):
    return ask(said, "circular", district, period, "--lang", "en", *more)["sections"]


def rows_of(section, table):
    return [row for one in section["tables"].get(table, []) for row in one["rows"]]


def numbers_in(sentence):
    return [int(n) for n in re.findall(r"\d+", re.sub(r"[\d.]+%|\d{4}-\d\d|of \d{4}", "", sentence))]


# ---- the same as the other commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("district, period", [(COUNTY, OPEN), (COUNTY, LATE), (COUNTY, CLOSED), (CITY, OPEN)])
def test_reporting_is_what_completeness_and_missing_say(said, district, period):
    section = circular(said, district, period)["reporting"]
    whole = ask(said, "completeness", "--district", district, "--period", period)
    counts = ("expected", "reported", "on_time", "late", "missing", "kept")
    assert [[row[n] for n in ("form", *counts)] for row in rows_of(section, "by_form")] == [[row[n] for n in ("form", *counts)] for row in whole]
    sums = {n: sum(row[n] for row in whole) for n in counts}
    assert numbers_in(section["sentences"][0]) == [sums[n] for n in counts]
    missing = ask(said, "missing", "--district", district, "--period", period)
    if district == COUNTY:
        (table,) = section["tables"]["missing"]
        assert len(table["rows"]) == 50 and len(table["rows"]) + table["left_out"] == len(missing) == sums["missing"]
        assert {(r["school"], r["form"]) for r in table["rows"]} <= {(m["school"], m["form"]) for m in missing}
        late = [row["school"] for row in rows_of(section, "late")]
        assert sorted(late) == sorted(s.code for (s, p) in said.figures if p == period == LATE and s.district == COUNTY)
    else:
        below, direct = rows_of(section, "by_district")
        county = ask(said, "completeness", "--district", COUNTY, "--period", period)
        assert [below[n] for n in counts] == [sum(row[n] for row in county) for n in counts] and below["district"] == COUNTY
        assert [direct[n] for n in counts] == [sums[n] - below[n] for n in counts] and direct["district"] is None
        assert sum(r["reports"] for r in rows_of(section, "missing_by_district")) == sums["missing"]
        assert all(len(r["schools_zh"].split("、")) == min(r["schools"], 10) for r in rows_of(section, "missing_by_district"))


def test_punctuality_is_what_punctuality_says(said):
    section = circular(said, COUNTY, OPEN)["punctuality"]
    year = ask(said, "punctuality", "--district", COUNTY, "--year", OPEN[:4])[0]
    assert numbers_in(section["sentences"][0]) == [year[n] for n in ("expected", "on_time", "late", "missing", "always_on_time", "schools")]
    schools = [r for r in ask(said, "punctuality", "--district", COUNTY, "--year", OPEN[:4], "--schools") if r["missing"] >= 2]
    (silent,) = section["tables"]["silent"]
    assert len(silent["rows"]) + silent["left_out"] == len(schools)
    for row in silent["rows"]:
        assert {k: row[k] for k in ("expected", "on_time", "late", "missing")} in [{k: r[k] for k in ("expected", "on_time", "late", "missing")}
                                                                                  for r in schools if r["school"] == row["school"]]


    city = circular(said, CITY)["punctuality"]
    places = rows_of(city, "silent_by_district")
    below, direct = sorted(places, key=lambda r: r["district"] == CITY)
    assert below["district"] == COUNTY and [below[n] for n in ("expected", "on_time", "late", "missing")] == [year[n] for n in ("expected", "on_time", "late", "missing")]
    assert below["silent"] == len({r["school"] for r in schools}) and len(below["schools_en"].removesuffix(" and others").split(", ")) == 10
    assert numbers_in(city["sentences"][0])[0] == below["expected"] + direct["expected"]


def test_targets_are_what_progress_says(said):
    section = circular(said, COUNTY, OPEN)["targets"]
    keys = ("position", "indicator", "now", "now_period", "gap", "required", "projection", "status")
    own = ask(said, "progress", "--plan", PLAN)
    assert sorted([r[k] for k in keys] for r in rows_of(section, "targets")) == sorted([r[k] for k in keys] for r in own) and len(own) == 2
    assert f"County plan has 2 targets: {sum(r['status'] == 'met' for r in own)} met" in section["sentences"][0]
    # of the city's plan only what the county answers for or is off course, and no more
    superior = {r["position"]: r["status"] for r in ask(said, "progress", "--plan", CITY_PLAN)}
    shown = {r["position"]: r["status"] for r in rows_of(section, "superior_targets")}
    assert 1 in shown and shown.items() <= superior.items()
    assert all(p == 1 or s in ("at_risk", "behind", "impossible") for p, s in shown.items())
    veto = next(s for s in section["sentences"] if s.startswith("Veto"))
    result = said.world.database.ctl("result", "--plan", PLAN, "--lang", "en").stdout
    assert re.search(r"was (\d+) in", veto).group(1) == re.search(r"was (\d+) in", result).group(1)
    assert "targets" not in circular(said, 341881)  # its plan is over: no section without content


def test_changes_are_what_trend_says_and_what_was_signed(said):
    rows = rows_of(circular(said, CITY)["changes"], "changes")
    assert len(rows) == 16
    signed = 0
    for row in rows:
        (trend,) = ask(said, "trend", row["indicator"], "--district", CITY, "--from", OPEN, "--to", OPEN)
        assert [row[k] for k in ("figure", "before", "change", "before_period", "schools")] == \
            [trend[k] for k in ("figure", "before", "change", "before_period", "schools")], row["indicator"]
        if row["over_schools"] in ("sum", "ratio_of_sums"):
            assert same(row["change"], said.total(row["indicator"], OPEN, CITY) - said.total(row["indicator"], LATE, CITY))
            signed += 1
    assert signed > 8
    moved = [abs(Fraction(r["change"])) / max(Fraction(r["figure"]), Fraction(r["before"])) for r in rows if r["unit"] != "ratio"]
    assert moved == sorted(moved, reverse=True) and len(moved) == 8


def best_and_worst(order):
    """Three from each end of figures in order, but equals together: (place, figure, how many or None when each is named)."""
    of, found = len(order), []
    if of <= 6:
        return [(order.index(figure) + 1, figure, None) for figure in order]
    for figure in dict.fromkeys(order):
        place, equals = order.index(figure) + 1, order.count(figure)
        if place > 3 and place + equals - 1 <= of - 3:
            continue
        crowd = place + equals - 1 > 3 and place <= of - 3
        found += [(place, figure, equals)] if crowd else [(place, figure, None)] * equals
    return found


def test_ranking_is_what_rank_says(said):
    def placed(district, indicators, *more):
        return rows_of(circular(said, district, OPEN, "--indicators", indicators)["ranking"], "by_indicator")
    for code, lowest_first in ((PUPILS, False), (said.share, True)):  # the county's plan wants less of the share
        rank = [r for r in ask(said, "rank", code, OPEN, "--district", COUNTY, "--schools") if r["rank"]]
        order = sorted(rank, key=lambda r: Fraction(r["figure"]) * (1 if lowest_first else -1))
        found = placed(COUNTY, code)
        assert [(r["place"], r["figure"], r["code"] is None) for r in found] == [
            (place, figure, equals is not None) for place, figure, equals in best_and_worst([r["figure"] for r in order])]
        assert found[0]["better"] == ("lower_is_better" if lowest_first else "higher_is_better") and found[0]["of"] == len(order)
    assert len(placed(COUNTY, f"{PUPILS},{said.share}")) == len(placed(COUNTY, PUPILS)) + len(placed(COUNTY, said.share))


def test_no_school_is_named_before_its_equals(said):
    world, alike = said.world, (1, 1, 1, 1, 1, 2, 3, 4, 4)  # one way to fill the form a number
    for like in alike:
        school = world.enrolled("primary", ELSEWHERE)[0]
        with world.greeted(school) as session:
            made = figures.lawful(world.catalogue, "primary.monthly", f"alike/{like}", 1)
            assert session.submit(world.envelope(school, world.statement(school, made))).HasField("receipt")
    order = [r["figure"] for r in ask(said, "rank", PUPILS, OPEN, "--district", ELSEWHERE, "--schools") if r["rank"]]
    expected = best_and_worst(order)
    found = rows_of(circular(said, ELSEWHERE, OPEN, "--indicators", PUPILS)["ranking"], "by_indicator")
    assert len(order) == len(alike) and [(r["place"], r["figure"]) for r in found] == [e[:2] for e in expected]
    assert [r["name_zh"] for r in found if r["code"] is None] == ["5所学校并列"] == [f"{e[2]}所学校并列" for e in expected if e[2]]


def test_what_is_not_counted(said):
    section = circular(said, COUNTY, CLOSED)["uncounted"]
    assert section["sentences"][0].startswith("Not in the figures above: 1 reports that came after close") and "not declared" in section["sentences"][1]
    opened = rows_of(circular(said, COUNTY)["changes"], "schools")
    assert [(r["school"], r["event"]) for r in opened] == [(said.schools[0].code, "school_opened")]


def test_alerts_are_what_alerts_says(said):
    section = circular(said, COUNTY)["alerts"]
    alerts = ask(said, "alerts", "--district", COUNTY, "--period", OPEN, "--all")
    keys = ("alert", "severity", "state", "threshold", "school", "figure", "bound")
    assert sorted([r[k] for k in keys] for r in rows_of(section, "alerts")) == sorted([r[k] for k in keys] for r in alerts)
    assert {r["school"] for r in alerts} == {s.code for (s, p) in said.figures if p == OPEN and s.district == COUNTY}
    assert section["sentences"] == [f"{len(alerts)} alerts were raised for the period; {len(alerts)} are still open."]


# ---- as text, workbook and JSON ----------------------------------------------------------------------------------


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def tables_of(markdown):
    """[[cells of the head], [cells] ...] of each table; a row that is broken by a name has another number of cells."""
    tables, rows = [], []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([unescaped(c).strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            assert all(re.fullmatch(":---|---:", c) for c in rows[1]) and len({len(r) for r in rows}) == 1, rows
            tables.append([rows[0], *rows[2:]])
            rows = []
    return tables


def number_shown(text):
    found = re.search(r"-?[\d.]+", text).group()
    return float(found + "e-2") if text.endswith("%") else float(found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_and_workbook_say_the_same(said, language, tmp_path):
    files = ["-o", tmp_path / "c.md", "--xlsx", tmp_path / "c.xlsx", "--lang", language]
    done = said.world.database.ctl("circular", COUNTY, OPEN, *files)
    assert str(tmp_path / "c.md") in done.stdout and str(tmp_path / "c.xlsx") in done.stdout
    text, book = (tmp_path / "c.md").read_text(encoding="utf-8"), Workbook(tmp_path / "c.xlsx")
    tables = tables_of(text)
    assert any(STRANGE in row for table in tables for row in table)
    assert len(book.names) == len(tables) + 1 and len(set(book.names)) == len(book.names)
    if language == "en":  # a name is cut between words
        titles = re.findall(r"\*\*Table \d+\. (.*)\*\*", unescaped(text).replace("(", "").replace(")", ""))
        assert all(set(name.replace("(", "").replace(")", "").split()) <= {word for title in titles for word in title.split()} | set("123456789")
                   for name in book.names[1:])
    numbers = 0
    for sheet, table in enumerate(tables, 1):
        title, head, *rows = book.rows(sheet)
        assert head == table[0] and title[0] in unescaped(text).replace("**", "") and not any(title[1:])
        notes = rows[len(table) - 1:]
        assert all(n[0] in unescaped(text) for n in notes) and len(notes) <= 1
        for shown, cells in zip(table[1:], rows):
            for t, cell in zip(shown, cells):
                assert cell == t or cell is None and t == "" or cell == number_shown(t), (t, cell)
                numbers += isinstance(cell, float)
        assert min(book.widths(sheet)) > 4 and max(book.widths(sheet)) < 50
    assert numbers > 100
    lines = [row[0] for row in book.rows(0) if row[0]]
    paragraphs = [unescaped(line.lstrip("#* ").rstrip("*\\")) for line in text.splitlines() if line and not line.startswith("|")]
    assert [p for p in paragraphs if p not in lines] == [p for p in paragraphs if p.startswith(("… and", "……"))]


def test_a_workbook_is_ready_to_print(said, tmp_path):
    said.world.database.ctl("circular", CITY, OPEN, "--xlsx", tmp_path / "c.xlsx", "--lang", "zh")
    book = Workbook(tmp_path / "c.xlsx")
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    for n, tree in enumerate(book.trees):
        assert tree.find(main + "pageSetup").get("paperSize") == "9" and tree.find(f"{main}sheetPr/{main}pageSetUpPr").get("fitToPage") == "1"
        assert tree.find(f"{main}headerFooter/{main}oddFooter").text == "&C&P / &N"
        pane = next(tree.iter(main + "pane"), None)
        assert (pane is None) == (n == 0) and (n == 0 or pane.get("ySplit") == "2" and pane.get("state") == "frozen")
    with zipfile.ZipFile(tmp_path / "c.xlsx") as parts:
        assert parts.read("xl/workbook.xml").decode().count("_xlnm.Print_Titles") == len(book.trees) - 1
        assert "宋体" in parts.read("xl/styles.xml").decode()


def test_it_reads_as_a_bureau_writes(said):
    text = said.world.database.ctl("circular", COUNTY, OPEN, "--lang", "zh").stdout
    year, month = OPEN.split("-")
    assert text.startswith(f"# {COUNTY}教育局关于{year}年{int(month)}月教育统计月报情况的通报\n\n各学校（幼儿园）：\n\n")
    assert re.findall(r"^## (.)、", text, re.M) == list("一二三四五六七八九")[:text.count("\n## ")]
    assert text.endswith(f"\\\n{TODAY.year}年{TODAY.month}月{TODAY.day}日\n") and "{" not in text
    english = said.world.database.ctl("circular", CITY, OPEN, "--lang", "en", "--issuer", "Bureau of Jilin").stdout
    assert english.startswith("# Circular of the Bureau of Jilin on the monthly education statistics of ")
    assert "{" not in english and "To the education bureaus of all counties" in english


def test_an_official_writes_that_of_the_own_district(said):
    def written(reader, district, **kw):
        return run(BUILD / "server" / "ctl" / "yuebaoctl", "circular", str(district), OPEN, "--json", "--lang", "en", "--db", reader, **kw)
    official = said.world.database.conninfo("yuebao_reader")
    said.world.database.run("SELECT yuebao.grant_access('yuebao_reader', 'official', %s, '{}', '{}', '-infinity', 'infinity')", [COUNTY])
    own, whole = json.loads(written(official, COUNTY).stdout)["sections"], circular(said, COUNTY)
    assert {name: own[name] for name in own if name not in ("targets", "demands")} == {name: whole[name] for name in whole if name not in ("targets", "demands")}
    assert own["targets"]["tables"]["targets"] == whole["targets"]["tables"]["targets"]
    assert "may not see" in written(official, CITY, ok=77).stderr
    said.world.database.run("SELECT yuebao.revoke_access('yuebao_reader', NULL, NULL, NULL)")
    assert json.loads(written(said.world.database.auditor(), CITY).stdout)["sections"] == circular(said, CITY)


@pytest.mark.parametrize("command, status, why", [
    ("circular", 64, "Say of which"), (f"circular {COUNTY}", 64, "Say of which"), (f"circular {COUNTY} {OPEN} x", 64, "not expected"),
    (f"circular 22 {OPEN}", 64, "six digits"), (f"circular 220205 {OPEN}", 65, f"Near it: {COUNTY} Longtan"), (f"circular 999999 {OPEN}", 65, "no district"),
    (f"circular {COUNTY} 2026-13", 64, "2026-13"), (f"circular {COUNTY} {FUTURE}", 65, FUTURE), (f"circular 110000 {OPEN}", 65, "no district"),
    (f"circular {COUNTY} {OPEN} --indicators nothing", 65, "nothing"), (f"circular {COUNTY} {OPEN} --csv", 64, "--xlsx")])
def test_what_cannot_be_told(said, command, status, why):
    done = said.world.database.ctl(*command.split(), "--lang", "en", ok=status)
    assert done.stdout == "" and why in done.stderr


def test_nothing_owed_is_nothing_to_tell(said):
    said.world.database.run("INSERT INTO yuebao.district (district, parent, level, name_zh, name_en) VALUES (220299, 220200, 'county', '空区', 'Empty')")
    done = said.world.database.ctl("circular", 220299, OPEN, "--lang", "en", ok=65)
    assert done.stdout == "" and f"Nothing is owed in Empty for {OPEN}" in done.stderr
