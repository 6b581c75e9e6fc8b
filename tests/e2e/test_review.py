"""A bureau's month: look at what came, return what it doubts, see the rest, declare; and what comes after that reopens it."""

import csv
import io
import json
import threading

import psycopg2
import pytest

import contract
from house import BUILD, run, wait_for
from test_clerk import NAMES, desk_of, states as desk_states
from world import OPEN, first_day

DISTRICT = "341881"


@pytest.fixture(scope="module")
def world(make_world):
    return make_world()


def review(world, *args, **kw):
    return world.database.ctl("review", *args, **kw)


def rows(world, *args, period=OPEN):
    return json.loads(review(world, DISTRICT, period, *args, "--json").stdout)


def states(world, *args):
    return {r["school"]: (r["revision"], r["verdict"]) for r in rows(world, "--all", *args)}


def send(world, school, *, seed=0, revision=1, previous=b"", change=None, **kw):
    """An accepted report; its id and figures."""
    figures = world.lawful(school, seed=seed)
    figures.update(change or {})
    statement = world.statement(school, figures, revision=revision, previous=previous, **kw)
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("receipt")
    return contract.statement_id(statement), figures


def owed(world):
    ((count,),) = world.database.rows(
        """SELECT count(*) FROM yuebao.slot s WHERE s.district = %s AND s.frequency = 'monthly'
           AND yuebao.period_text(s.period, s.frequency) = %s""", DISTRICT, OPEN)
    return count


def test_the_whole_way(world):
    """list, return, the school corrects, it waits again, seen, declared; a late correction reopens it."""
    schools = [world.enrolled("primary", int(DISTRICT))[0] for _ in range(3)]
    a, b, c = schools
    ids = {s.code: send(world, s)[0] for s in schools}
    assert states(world) == {s.code: (1, "waiting") for s in schools}

    review(world, "return", DISTRICT, OPEN, "--school", a.code, "--note", "在校生数与学籍不符，请核对")
    assert states(world)[a.code] == (1, "returned")
    (row,) = [r for r in rows(world) if r["school"] == a.code]
    assert row["review_note"] == "在校生数与学籍不符，请核对" and row["reviewed_by"] == "postgres"

    # all that nothing speaks about, and not what is returned
    tried = review(world, "seen", DISTRICT, OPEN, "--all", "--dry-run")
    assert "2 reports" in tried.stdout and states(world)[b.code] == (1, "waiting")
    review(world, "seen", DISTRICT, OPEN, "--all")
    assert states(world) == {a.code: (1, "returned"), b.code: (1, "seen"), c.code: (1, "seen")}
    assert {r["school"] for r in rows(world)} == {a.code}
    refused = review(world, "declare", DISTRICT, OPEN, ok=65)
    assert "1 are returned" in refused.stderr

    second, _ = send(world, a, seed=5, revision=2, previous=ids[a.code])
    assert states(world)[a.code] == (2, "waiting")
    (row,) = rows(world)
    assert row["corrected"] and row["changed_figures"] > 0 and row["changed_since"] == 1
    old = review(world, "seen", DISTRICT, OPEN, f"{a.code}@1", ok=65)
    assert "newest revision is 2" in old.stderr and states(world)[a.code] == (2, "waiting")
    review(world, "seen", DISTRICT, OPEN, f"{a.code}@2")
    assert states(world)[a.code] == (2, "seen") and rows(world) == []

    # missing reports do not forbid it, but want a word
    missing = owed(world) - 3
    assert missing > 0
    refused = review(world, "declare", DISTRICT, OPEN, ok=65)
    assert f"{missing} of {owed(world)} reports are missing" in refused.stderr
    review(world, "declare", DISTRICT, OPEN, "--note", "其余学校停课", "--dry-run")
    assert json.loads(review(world, "declarations", "--district", DISTRICT, "--json").stdout) == []
    review(world, "declare", DISTRICT, OPEN, "--note", "其余学校停课")
    (declared,) = json.loads(review(world, "declarations", "--district", DISTRICT, "--json").stdout)
    assert declared["standing"] == "declared" and declared["reported_then"] == 3 and declared["expected"] == owed(world)
    assert "nothing changed since" in review(world, DISTRICT, OPEN).stdout
    review(world, "declare", DISTRICT, OPEN, "--note", "x", ok=65)

    # a correction reopens it, and names itself
    send(world, b, seed=6, revision=2, previous=ids[b.code])
    told = review(world, DISTRICT, OPEN).stdout
    assert "reopened" in told and f"({b.code})" in told and "revision 2" in told
    assert "已重新打开" in review(world, DISTRICT, OPEN, "--lang", "zh").stdout
    (declared,) = json.loads(review(world, "declarations", "--period", OPEN, "--json").stdout)
    assert declared["standing"] == "reopened" and declared["changed_reports"] == 1
    review(world, "seen", DISTRICT, OPEN, b.code)
    review(world, "declare", DISTRICT, OPEN, "--note", "其余学校停课")
    listed = json.loads(review(world, "declarations", "--period", OPEN, "--json").stdout)
    assert [d["standing"] for d in listed] == ["declared", "superseded"]
    assert "已确认" in review(world, "declarations", "--lang", "zh").stdout

    # figures are the school's alone
    assert world.revisions(a) == [(1, ids[a.code]), (2, second)]
    world.assert_books_agree()


def test_one_report_in_full(world):
    """Each figure beside what the correction changed, the reasons for what is missing, the history of its review."""
    school, _ = world.enrolled("junior", int(DISTRICT))
    first, figures = send(world, school)
    review(world, "seen", DISTRICT, OPEN, school.code)
    number = next(n for n in figures if not isinstance(figures[n], tuple))
    code = world.catalogue.indicators[number].code
    statement = world.statement(school, {n: f for n, f in figures.items() if n != number}, missing={number: contract.pb.NOT_COLLECTED},
                                revision=2, previous=first, correction="漏填说明")
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("receipt")
    shown = {r["indicator"]: r for r in rows(world, "--school", school.code)}
    assert set(shown) == {world.catalogue.indicators[n].code for n in figures}
    assert shown[code]["figure"] == "not collected" and shown[code]["earlier"] is not None and shown[code]["differs"]
    assert [r["indicator"] for r in shown.values() if r["differs"]] == [code]
    text = review(world, DISTRICT, OPEN, "--school", school.code, "--lang", "zh").stdout
    for words in ("更正原因：漏填说明", "填表人：王芳", "未采集", "第 1 次报告 已阅"):
        assert words in text
    listed = list(csv.DictReader(io.StringIO(review(world, DISTRICT, OPEN, "--school", school.code, "--csv").stdout.lstrip("\ufeff"))))
    assert [r["indicator"] for r in listed] == list(shown)


def test_readers_look_and_change_nothing(world):
    conninfo = world.database.auditor()
    school, _ = world.enrolled("kindergarten", int(DISTRICT))
    send(world, school)
    ctl = BUILD / "server" / "ctl" / "yuebaoctl"
    for args in ([DISTRICT, OPEN], [DISTRICT, OPEN, "--school", school.code], ["declarations"]):
        run(ctl, "review", *args, "--db", conninfo)
    run(ctl, "kept", "--db", conninfo)
    for args in (["seen", DISTRICT, OPEN, school.code], ["return", DISTRICT, OPEN, "--school", school.code, "--note", "x"],
                 ["declare", DISTRICT, OPEN]):
        run(ctl, "review", *args, "--db", conninfo, ok=77)
    assert states(world)[school.code] == (1, "waiting")


def test_what_wants_an_eye_is_not_marked_with_the_rest(world):
    """A rule that came after the report was accepted: its breach is listed, shown, and left to an eye."""
    district = "410482"
    plain, _ = world.enrolled("primary", int(district))
    school, _ = world.enrolled("vocational", int(district))
    send(world, plain)
    _, figures = send(world, school)
    whole = sorted((f, n) for n, f in figures.items()
                   if not isinstance(f, tuple) and world.catalogue.indicators[n].decimals == 0)
    low, high = whole[0], whole[-1]
    assert low[0] < high[0]
    world.database.run("""WITH r AS (INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en)
                                     VALUES ('made_up_later', 'warning', '<=', '后加的规则', 'A later rule.') RETURNING rule)
                          INSERT INTO yuebao.rule_term (rule, side, position, indicator, part)
                          SELECT r.rule, t.side, 1, t.indicator, 'value' FROM r, (VALUES ('left', %s), ('right', %s)) AS t (side, indicator)""",
                       high[1], low[1])
    listed = {r["school"]: r for r in json.loads(review(world, district, OPEN, "--json").stdout)}
    assert (listed[school.code]["warnings"], listed[school.code]["breaches"]) == (0, 1)
    assert listed[plain.code]["breaches"] == 0
    assert "后加的规则" in review(world, district, OPEN, "--school", school.code, "--lang", "zh").stdout
    said = review(world, "seen", district, OPEN, "--all").stdout
    assert "still" in said and "--warned-too" in said, "what was left is said"
    left = {r["school"] for r in json.loads(review(world, district, OPEN, "--json").stdout)}
    assert school.code in left and plain.code not in left
    review(world, "seen", district, OPEN, "--all", "--warned-too")
    assert json.loads(review(world, district, OPEN, "--json").stdout) == []
    world.database.run("DELETE FROM yuebao.rule_term t USING yuebao.rule r WHERE r.rule = t.rule AND r.code = 'made_up_later'")


def test_a_note_stands_at_the_desk_until_it_is_corrected(world):
    school, desk, sheet, path, figures = desk_of(world, "special")
    desk("submit", path, *NAMES)
    world.database.ctl("review", "return", str(school.district), OPEN, "--school", school.code, "--note", "请核对在校生数")
    desk("send")
    assert "请核对在校生数" in desk("status", lang="zh").stdout
    number = next(n for n in figures if not isinstance(figures[n], tuple))
    indicator = world.catalogue.indicators[number]
    changed = dict(figures)
    changed[number] = figures[number] + 10 ** indicator.decimals
    sheet.fill(world.catalogue, changed).save(path)
    desk("submit", path, *NAMES, "--correction", "核对后更正")
    assert desk_states(desk)[(OPEN, 2)] == "receipted"
    assert "请核对在校生数" not in desk("status", lang="zh").stdout
    (row,) = [r for r in json.loads(world.database.ctl("review", str(school.district), OPEN, "--json").stdout) if r["school"] == school.code]
    assert (row["revision"], row["verdict"], row["changed_figures"]) == (2, "waiting", 1)


def test_what_comes_while_a_period_is_declared_reopens_it(world):
    """A report that is not committed yet when its district is declared was not seen by anybody: it reopens the period."""
    school, _ = world.enrolled("primary", 410482)
    ((form, catalogue),) = world.database.rows("SELECT form, (SELECT max(catalogue) FROM yuebao.catalogue) FROM yuebao.form WHERE code = 'primary.monthly'")
    other, _ = world.enrolled("primary", 410482)
    send(world, other)
    review(world, "seen", "410482", OPEN, other.code)
    link = psycopg2.connect(world.database.conninfo())
    try:
        with link.cursor() as cursor: # a collector's batch, between its claim and its COMMIT
            cursor.execute("""INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer,
                                                         head, envelope, receipt)
                              SELECT 410482, %s, s.school, %s, 1, sha256('in flight'), %s, 'key', now(), false, 'a', 'b', 'c', '', ''
                              FROM yuebao.school s WHERE s.code = %s""", (first_day(OPEN), form, catalogue, school.code))
            review(world, "declare", "410482", OPEN, "--note", "其余停课")
            link.commit()
        (told,) = json.loads(review(world, "declarations", "--district", "410482", "--json").stdout)
        assert told["standing"] == "reopened" and told["changed_reports"] == 1
    finally:
        link.rollback()
        link.close()


def test_who_declares_waits_for_who_reviews(world):
    """A review that is being written is either seen by the declaration or comes after it; never both."""
    school, _ = world.enrolled("primary", 619900)
    send(world, school)
    review(world, "seen", "619900", OPEN, school.code)
    link = psycopg2.connect(world.database.conninfo())
    try:
        with link.cursor() as cursor:
            cursor.execute("""SELECT yuebao.return_report(v.district, v.period, v.school, v.form, v.revision, '再核对')
                              FROM yuebao.reviewed v JOIN yuebao.school s USING (school) WHERE s.code = %s""", (school.code,))
        declaring = threading.Thread(target=review, args=(world, "declare", "619900", OPEN, "--note", "x"), kwargs={"ok": 65})
        declaring.start()
        wait_for("the declaration to wait", lambda: world.database.rows(
            "SELECT 1 FROM pg_locks WHERE relation = 'yuebao.review'::regclass AND NOT granted"))
        link.commit()
        declaring.join()
    finally:
        link.rollback()
        link.close()
    assert json.loads(review(world, "declarations", "--district", "619900", "--json").stdout) == []


@pytest.mark.parametrize("args, status", [
    ([], 64), ([DISTRICT], 64), (["34188", OPEN], 64), ([DISTRICT, "2026-13"], 64), (["999999", OPEN], 65), ([DISTRICT, "1999-01"], 65),
    (["seen", DISTRICT, OPEN], 64), (["seen", DISTRICT, OPEN, "--all", "0000001"], 64), (["seen", DISTRICT, OPEN, "nobody"], 65),
    (["seen", DISTRICT, OPEN, "--school", "nobody"], 65), (["seen", DISTRICT, OPEN, "x", "--warned-too"], 64),
    (["return", DISTRICT, OPEN, "--school", "nobody", "--note", "x"], 65), (["return", DISTRICT, OPEN, "--note", "x"], 64),
    (["return", DISTRICT, OPEN, "--school", "x", "--note", "字" * 201], 64), (["return", DISTRICT, OPEN, "--school", "x", "--note", " "], 64),
    (["declare", DISTRICT, OPEN, "--all"], 64), (["declarations", DISTRICT], 64), ([DISTRICT, OPEN, "--note", "x"], 64),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else str(value))
def test_wrong_use_is_told(world, args, status):
    done = review(world, *args, ok=status)
    assert done.stderr.startswith("yuebaoctl: ")
