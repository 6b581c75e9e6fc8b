"""Completeness is counted from what was sent: never more than is owed, required figures all there or excused, extensions given by hand."""

import json

import pytest

import contract
from contract import pb
from house import BUILD, run, wait_for
from test_kept import decide, keep
from world import CLOSED, LATE, OPEN

COUNTY, CITY = 220203, 220200


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(workers=1)  # so that what one session is told all have heard of


def ask(world, command, *args, **kw):
    return json.loads(world.database.ctl(*command.split(), *args, "--json", **kw).stdout)


def row(world, period, district=COUNTY, form="primary.monthly"):
    (row,) = ask(world, "completeness", "--district", str(district), "--period", period, "--form", form)
    assert row["expected"] == row["reported"] + row["missing"] and row["reported"] == row["on_time"] + row["late"]
    return row


def owing(world, district=COUNTY, kind="primary"):
    places = {COUNTY: {COUNTY}, CITY: {CITY, COUNTY}}[district]
    return [s for s in world.schools if s.district in places and s.kind == kind]


def submit(world, school, session, period, seed=0, figures=None, **kw):
    figures = world.lawful(school, seed=seed) if figures is None else figures
    statement = world.statement(school, figures, period=period, **kw)
    return statement, session.submit(world.envelope(school, statement))


def test_slots_are_counted_as_they_come(world):
    assert row(world, LATE)["expected"] == len(owing(world)) and row(world, LATE)["reported"] == 0
    assert row(world, LATE, CITY)["expected"] == len(owing(world, CITY))
    late, corrected, kept, admitted, declined = (world.enrolled(district=COUNTY)[0] for _ in range(5))
    with world.greeted(late) as session:
        assert submit(world, late, session, LATE)[1].receipt.late
        assert submit(world, late, session, OPEN)[1].HasField("receipt")
    with world.greeted(corrected) as session:
        first, _ = submit(world, corrected, session, OPEN)
        _, verdict = submit(world, corrected, session, OPEN, seed=1, revision=2, previous=contract.statement_id(first))
        assert verdict.HasField("receipt")
    keep(world, kept)
    decide(world, "admit", keep(world, admitted)[0].hex())
    decide(world, "decline", keep(world, declined)[0].hex())

    def counted(period):
        one = row(world, period)
        return {name: one[name] for name in ("reported", "on_time", "late", "corrected", "admitted", "kept") if one[name]}
    assert counted(OPEN) == {"reported": 2, "on_time": 2, "corrected": 1}
    assert counted(LATE) == {"reported": 1, "late": 1}
    assert counted(CLOSED) == {"reported": 1, "late": 1, "admitted": 1, "kept": 1}
    missing = ask(world, "missing", "--district", str(COUNTY), "--period", CLOSED, "--form", "primary.monthly")
    assert {m["school"] for m in missing} == {s.code for s in owing(world)} - {admitted.code}
    assert {m["school"] for m in missing if m["kept"]} == {kept.code}


def test_a_report_without_a_required_figure_completes_nothing(world):
    """Left out, it is refused; excused, it is reported, and shown apart from a zero."""
    school, _ = world.enrolled("junior", COUNTY)
    required = world.catalogue.forms["junior.monthly"].required
    figures = world.lawful(school, optional=0)
    forgotten = {n: f for n, f in figures.items() if n != required[0]}
    (excused,) = (i.code for i in world.catalogue.message.indicator if i.number == required[0])

    def covered():
        (one,) = ask(world, "coverage", "--district", str(COUNTY), "--period", OPEN, "--form", "junior.monthly", "--indicator", excused)
        return {n: one[n] for n in ("with_value", "not_applicable", "not_yet_known", "not_collected", "refused", "left_out") if one[n]}
    with world.greeted(school) as session:
        _, verdict = submit(world, school, session, OPEN, figures=forgotten)
        assert pb.REQUIRED_FORGOTTEN in [f.code for f in verdict.reject.finding]
        assert row(world, OPEN, form="junior.monthly")["reported"] == 0 and covered() == {}
        first, verdict = submit(world, school, session, OPEN, figures=forgotten, missing={required[0]: pb.NOT_COLLECTED})
        assert verdict.HasField("receipt"), verdict
        assert row(world, OPEN, form="junior.monthly")["reported"] == 1 and covered() == {"not_collected": 1}
        _, verdict = submit(world, school, session, OPEN, figures=figures, revision=2, previous=contract.statement_id(first))
        assert verdict.HasField("receipt"), verdict
    assert row(world, OPEN, form="junior.monthly")["reported"] == 1 and covered() == {"with_value": 1}


def test_below_are_the_districts_and_their_sum(world):
    lines = ask(world, "completeness", "--district", str(CITY), "--period", OPEN, "--form", "primary.monthly", "--below")
    assert [line["district"] for line in lines] == [CITY, COUNTY]
    assert lines[1] == row(world, OPEN) and lines[0]["expected"] == len(owing(world, CITY))
    said = world.database.ctl("completeness", "--district", str(CITY), "--period", OPEN, "--form", "primary.monthly", "--below").stdout
    assert f"{lines[0]['reported']} of {lines[0]['expected']} reports that are owed are here" in said
    reader = world.database.auditor()
    for command in ("completeness", "coverage"):
        shown = ask(world, command, "--district", str(CITY), "--period", OPEN)
        assert json.loads(run_as(world, reader, command, "--district", str(CITY), "--period", OPEN, "--json")) == shown


def run_as(world, conninfo, *args):
    return run(BUILD / "server" / "ctl" / "yuebaoctl", *args, "--db", conninfo).stdout


def test_nothing_that_was_accepted_lacks_what_was_required(world):
    """The definition of reported, held against the books by another statement than the views'."""
    for school, statement in ((world.enrolled(kind, COUNTY)[0], seed) for kind in ("primary", "senior", "kindergarten") for seed in range(3)):
        with world.greeted(school) as session:
            submit(world, school, session, OPEN, seed=statement)
    assert world.database.value("SELECT count(*) FROM yuebao.report") > 9
    assert world.database.rows(
        """SELECT r.school, r.form, r.period, c.indicator
           FROM yuebao.report r JOIN yuebao.calendar k USING (form, period)
           JOIN yuebao.catalogue_form c ON c.form = r.form AND c.catalogue = k.catalogue AND c.required
           WHERE NOT EXISTS (SELECT FROM yuebao.figure g WHERE (g.district, g.period, g.school, g.form, g.indicator)
                                                             = (r.district, r.period, r.school, r.form, c.indicator))""") == []


# ---- extensions by hand ----------------------------------------------------------------------------------------


def test_an_extension_given_and_taken_by_the_administrator(world):
    """Kept, then on time by an extension, then late by another, then kept again; each school by its own."""
    school, _ = world.enrolled("senior", COUNTY)
    other, _ = world.enrolled("senior", COUNTY)
    give = ["calendar", "extend", CLOSED, "--form", "senior.monthly"]

    def window(session, reason):
        return wait_for("the window", lambda: [w for w in session.agenda().window if w.extension == reason])

    with world.greeted(school) as session:
        assert submit(world, school, session, CLOSED)[1].HasField("kept")
        (shown,) = ask(world, "calendar extend", CLOSED, "--form", "senior.monthly", "--school", school.code, "--due", "now+1h",
                       "--closes", "now+2h", "--reason", "山路塌方")
        assert (shown["school"], shown["reason"]) == (school.code, "山路塌方")
        window(session, "山路塌方")
        (missing,) = [m for m in ask(world, "missing", "--period", CLOSED, "--form", "senior.monthly") if m["school"] == school.code]
        assert (missing["due_at"], missing["overdue"], missing["extension"]) == (shown["due_at"], False, "山路塌方")
        first, verdict = submit(world, school, session, CLOSED, seed=1)
        assert verdict.HasField("receipt") and not verdict.receipt.late
        assert row(world, CLOSED, form="senior.monthly")["extended"] == 1

        # for the whole county, and due already; the school's own still wins
        world.database.ctl(*give, "--district", str(COUNTY), "--due", "now-1h", "--closes", "now+2h", "--reason", "全区")
        with world.greeted(other) as theirs:
            window(theirs, "全区")
            assert submit(world, other, theirs, CLOSED)[1].receipt.late
        world.database.ctl(*give, "--school", school.code, "--remove")
        window(session, "全区")
        second, verdict = submit(world, school, session, CLOSED, seed=2, revision=2, previous=contract.statement_id(first))
        assert verdict.receipt.late
        world.database.ctl(*give, "--district", str(COUNTY), "--remove", "--reason", "已恢复")
        wait_for("the calendar's again", lambda: not [w for w in session.agenda().window if w.extension])
        assert submit(world, school, session, CLOSED, seed=3, revision=3, previous=contract.statement_id(second))[1].HasField("kept")
    assert ask(world, "calendar extensions", "--form", "senior.monthly") == []
    done = world.database.rows("SELECT detail->>'verb', detail->>'reason' FROM yuebao.audit_log WHERE action = 'extend' ORDER BY audit_log")
    assert done == [("extend", "山路塌方"), ("extend", "全区"), ("remove", None), ("remove", "已恢复")]
    world.assert_books_agree()


def test_what_is_not_named_stays_as_it_is(world):
    school, _ = world.enrolled("special")
    place = ["--form", "special.monthly", "--reason", "x"]
    (county,) = ask(world, "calendar extend", LATE, "--district", str(school.district), "--closes", "end+400d", *place)
    (own,) = ask(world, "calendar extend", LATE, "--school", school.code, "--due", "end+300d", *place)
    assert own["closes_at"] == county["closes_at"] and own["opens_at"] == county["opens_at"] and own["due_at"] > county["due_at"]
    (again,) = ask(world, "calendar extend", LATE, "--school", school.code, "--closes", "end+401d", *place)
    assert again["due_at"] == own["due_at"] and again["closes_at"] > own["closes_at"]
    assert len(ask(world, "calendar extensions", "--period", LATE, "--form", "special.monthly")) == 2
    assert [e["school"] for e in ask(world, "calendar extensions", "--school", school.code)] == [school.code]


def test_earlier_than_the_calendar_is_lawful_and_said(world):
    give = ["calendar", "extend", OPEN, "--school", world.enrolled("special")[0].code, "--reason", "x", "--dry-run", "--lang", "zh"]
    earlier = world.database.ctl(*give, "--due", "now-3d")
    assert "早于日历规定" in earlier.stderr and "另定时间" in earlier.stdout and "已延期" not in earlier.stdout
    assert world.database.ctl(*give, "--closes", "now+400d").stderr == ""


def test_without_a_form_all_that_the_place_owes(world):
    school, _ = world.enrolled("primary", CITY)
    shown = ask(world, "calendar extend", OPEN, "--school", school.code, "--closes", "now+999h", "--reason", "x", "--dry-run")
    assert [e["form"] for e in shown] == ["primary.monthly"]
    shown = ask(world, "calendar extend", OPEN, "--district", str(CITY), "--closes", "now+999h", "--reason", "x", "--dry-run")
    assert {e["form"] for e in shown} == {f"{s.kind}.monthly" for s in world.schools if s.district in (CITY, COUNTY)
                                          and f"{s.kind}.monthly" in world.catalogue.forms}
    assert ask(world, "calendar extensions", "--period", OPEN) == []


@pytest.mark.parametrize("status, words, args", [
    (65, "no school", [OPEN, "--school", "nobody", "--due", "now", "--reason", "x"]),
    (65, "no district", [OPEN, "--district", "999999", "--due", "now", "--reason", "x"]),
    (64, "six digits", [OPEN, "--district", "22", "--due", "now", "--reason", "x"]),
    (65, "in the calendar", ["2044-01", "--school", "B220203", "--due", "now", "--reason", "x"]),
    (65, "one kind of school", [OPEN, "--school", "B220203", "--form", "primary.monthly", "--due", "now", "--reason", "x"]),
    (65, "No school of district 110000", [OPEN, "--district", "110000", "--due", "now", "--reason", "x"]),
    (65, "name a later --closes", [OPEN, "--district", "220203", "--due", "now+9999h", "--reason", "x"]),
    (64, "--reason", [OPEN, "--district", "220203", "--due", "now"]),
    (64, "600 bytes", [OPEN, "--district", "220203", "--due", "now", "--reason", "长" * 201]),
    (64, "for whom", [OPEN, "--due", "now", "--reason", "x"]),
    (64, "for whom", [OPEN, "--school", "x", "--district", "220203", "--due", "now", "--reason", "x"]),
    (64, "what to move", [OPEN, "--district", "220203", "--reason", "x"]),
    (64, "--remove", [OPEN, "--district", "220203", "--remove", "--due", "now"]),
    (65, "no extension of its own", [OPEN, "--district", "220203", "--remove"]),
    (64, "not expected", [OPEN, "--district", "220203", "--due", "now", "--reason", "x", "--kind", "primary"]),
    (64, "a period", ["2026-13", "--district", "220203", "--due", "now", "--reason", "x"]),
])
def test_what_cannot_be_extended(world, status, words, args):
    if "110000" in args:
        world.database.run("INSERT INTO yuebao.district VALUES (110000, 100000, 'province', '北京市', 'Beijing') ON CONFLICT DO NOTHING")
    before = world.database.rows("SELECT * FROM yuebao.extension ORDER BY 1"), world.database.value("SELECT count(*) FROM yuebao.audit_log")
    assert words in world.database.ctl("calendar", "extend", *args, ok=status).stderr
    assert before == (world.database.rows("SELECT * FROM yuebao.extension ORDER BY 1"),
                      world.database.value("SELECT count(*) FROM yuebao.audit_log"))
