"""The ledger is read anew, by the envelopes alone: whatever was changed behind the programs' back is named, and nothing else is."""

import contextlib
import json
import threading

import pytest

import contract
import figures
from house import ROOT, wait_for
from test_catalogue_changes import plan_file, with_row
from test_kept import decide, keep
from test_remarks import RULE, explained, warned
from world import CLOSED, LATE, OPEN, first_day


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(workers=1)


def accept(world, school, *, seed=0, session=None, figures_=None, outcome="receipt", **kw):
    """Sent and answered; id and figures."""
    told = figures_ or world.lawful(school, seed=seed)
    statement = world.statement(school, told, **kw)
    with contextlib.ExitStack() as stack:
        session = session or stack.enter_context(world.greeted(school))
        verdict = session.submit(world.envelope(school, statement))
    assert verdict.WhichOneof("outcome") == outcome, verdict
    return contract.statement_id(statement), told


def fold(world):
    while world.database.value("SELECT yuebao.fold_totals(100000)") > 0:
        pass
    world.database.run("SELECT yuebao.note_windows(NULL), yuebao.note_past(NULL)")


class Filled:
    """One of everything."""

    def __init__(self, world):
        self.world = world
        self.plain, _ = world.enrolled()
        self.plain_id, self.figures = accept(world, self.plain)
        self.corrected, _ = world.enrolled()
        self.chain = [accept(world, self.corrected)[0]]
        for revision in (2, 3):
            self.chain.append(accept(world, self.corrected, seed=revision, revision=revision, previous=self.chain[-1])[0])
        self.warned, _ = world.enrolled()
        told, indicator, _ = warned(world, self.warned)
        self.warned_id, _ = accept(world, self.warned, figures_=told,
                                   edit=explained((indicator, RULE, "随迁子女同时留守"), (0, "", "总的说明")))
        self.excused, _ = world.enrolled()
        told = world.lawful(self.excused)
        excused = {n: 2 + n % 3 for n in sorted(told)[:4]}
        self.excused_id, _ = accept(world, self.excused, figures_={n: f for n, f in told.items() if n not in excused}, missing=excused)
        self.late, _ = world.enrolled("junior")
        self.late_id, _ = accept(world, self.late, period=LATE)
        self.afterwards, _ = world.enrolled("senior")
        self.admitted_id, _ = keep(world, self.afterwards)
        decide(world, "admit", self.admitted_id.hex(), reason="洪水冲断光缆")
        self.waiting_id, _ = keep(world, self.afterwards, seed=5)
        self.declined_id, _ = keep(world, self.afterwards, seed=6)
        decide(world, "decline", self.declined_id.hex(), reason="数据已另报")
        self.refused_school, _ = world.enrolled()
        broken = world.lawful(self.refused_school)
        self.number = world.catalogue.number("enrolled_pupils")
        broken[self.number] = -1
        self.refused_id, _ = accept(world, self.refused_school, figures_=broken, outcome="reject")
        fold(world)


@pytest.fixture(scope="module")
def filled(world):
    return Filled(world)


def differences(world, *args, ok=True):
    return json.loads(world.database.ctl("check-totals", *args, "--json", ok=ok).stdout)


def replayed(world, *args, ok=True):
    return json.loads(world.database.ctl("replay", *args, "--json", ok=ok).stdout)


@contextlib.contextmanager
def tampered(world, table, change):
    """What a superuser does behind everybody's back; undone at the end."""
    database = world.database
    database.run(f"CREATE TABLE public.saved AS SELECT * FROM yuebao.{table}")
    try:
        database.run(change)
        assert any(database.value(f"SELECT count(*) FROM (TABLE {a} EXCEPT ALL TABLE {b}) AS x")
                   for a, b in (("public.saved", f"yuebao.{table}"), (f"yuebao.{table}", "public.saved"))), change
        yield
    finally:
        # rows come back as they were; they are counted already
        database.run(f"SET yuebao.counts_reports = on; DELETE FROM yuebao.{table}; INSERT INTO yuebao.{table} SELECT * FROM public.saved; DROP TABLE public.saved")
        database.run("SELECT yuebao.note_windows(NULL)")  # of what was owed anew


def of(school):
    return f"school = (SELECT school FROM yuebao.school WHERE code = '{school.code}')"


def flip(column, at):
    """One bit of one byte; negative: from the end."""
    place = at if at >= 0 else f"length({column}) + {at}"
    return f"{column} = set_byte({column}, {place}, get_byte({column}, {place}) # 1)"


# ---- nothing is wrong --------------------------------------------------------------------------------------------


def test_the_collector_notes_windows_that_are_due(world):
    wait_for("a note", lambda: world.database.value(f"SELECT count(*) FROM yuebao.window_note WHERE period = '{first_day(LATE)}'"))
    assert world.database.value(f"SELECT count(*) FROM yuebao.window_note WHERE period = '{first_day(OPEN)}'") == 0


def test_the_collector_compares_reports_with_the_past(world, filled):
    world.database.run("DELETE FROM yuebao.past_note")
    world.collector.stop()
    world.collector.restart()  # it does so at once, then once a minute
    wait_for("a comparison", lambda: world.database.value("SELECT sum(cardinality(schools)) FROM yuebao.past_note"))


def test_a_filled_world_has_no_difference(world, filled):
    assert differences(world) == []
    assert differences(world, "--period", CLOSED) == []
    assert differences(world, "--district", filled.plain.district, "--period", OPEN) == []
    told = world.database.ctl("check-totals").stdout
    reports = world.database.value("SELECT count(*) FROM yuebao.report")
    assert f"Checked {reports} reports" in told and "No difference" in told
    with world.greeted(filled.plain) as session:
        (key,) = session.welcome.server_key
    assert f"Key {key.hex()} signed {reports} receipts" in told
    assert "全部一致" in world.database.ctl("check-totals", "--lang", "zh").stdout


def test_right_while_collectors_write_and_totals_are_folded(world, filled):
    schools = [world.enrolled("kindergarten")[0] for _ in range(8)]
    done, failures = threading.Event(), []

    def feed(school):
        previous = b""
        try:
            with world.greeted(school) as session:
                for revision in range(1, 30):
                    previous, _ = accept(world, school, session=session, seed=revision, revision=revision, previous=previous)
        except BaseException as error:  # reported by the main thread
            failures.append(error)

    def folder():
        while not done.is_set():
            world.database.value("SELECT yuebao.fold_totals(3)")

    threads = [threading.Thread(target=feed, args=(s,)) for s in schools]
    folding = threading.Thread(target=folder)
    for thread in (*threads, folding):
        thread.start()
    looked = 0
    try:
        while any(t.is_alive() for t in threads) or looked == 0:
            assert differences(world) == []
            looked += 1
    finally:
        for thread in threads:
            thread.join()
        done.set()
        folding.join()
    assert not failures
    assert differences(world) == []
    fold(world)


def test_wrong_use_is_told(world, filled):
    check, replay = (lambda *a, ok: world.database.ctl("check-totals", *a, ok=ok)), (lambda *a, ok: world.database.ctl("replay", *a, ok=ok))
    check("x", ok=64)
    check("--district", "12", ok=64)
    check("--period", "2026-13", ok=64)
    check("--district", "999999", ok=65)
    replay(ok=64)
    replay("abc", ok=64)
    replay("0" * 64, ok=65)
    replay(filled.plain_id.hex(), "--school", filled.plain.code, ok=64)
    replay("--school", filled.plain.code, ok=64)
    replay("--school", filled.plain.code, "--period", OPEN, "--revision", "x", ok=64)
    replay("--school", filled.plain.code, "--period", OPEN, "--revision", "2", ok=65)
    replay("--school", "nobody", "--period", OPEN, ok=65)
    for command in ("check-totals", "replay"):
        for language, word in (("en", "Usage"), ("zh", "用法")):
            assert word in world.database.ctl(command, "--help", "--lang", language).stdout


# ---- something is ------------------------------------------------------------------------------------------------


def figure_of(filled, school, table="figure", offset=0):
    return (f"(tableoid, ctid) = (SELECT tableoid, ctid FROM yuebao.{table} WHERE {of(school)} AND missing IS NULL "
            f"ORDER BY indicator OFFSET {offset} LIMIT 1)")


# what is changed, and how; how it is named, of which school's report (None: of a district), and how often
TAMPERINGS = {
    "a figure": ("figure", "UPDATE yuebao.figure SET value = value + 1 WHERE {figure:plain}", {"figure"}, "plain"),
    "a denominator": ("figure", "UPDATE yuebao.figure SET denominator = denominator + 1 WHERE denominator > 0 AND {of:plain}", {"figure"}, "plain"),
    "a reason": ("figure", "UPDATE yuebao.figure SET missing = 5 - missing WHERE missing IS NOT NULL AND {of:excused}", {"figure"}, "excused"),
    "a reason becomes a zero": ("figure", "UPDATE yuebao.figure SET missing = NULL, value = 0, denominator = 0 WHERE missing = 2 AND {of:excused}",
                                {"figure"}, "excused"),
    "a figure is gone": ("figure", "DELETE FROM yuebao.figure WHERE {figure:plain}", {"figure"}, "plain"),
    "a figure too many": ("figure", "INSERT INTO yuebao.figure SELECT district, period, school, 32000, form, NULL, 7, 0 FROM yuebao.figure WHERE {figure:plain}",
                          {"figure"}, "plain"),
    "a figure of another form": ("figure", "UPDATE yuebao.figure SET form = (SELECT form FROM yuebao.form WHERE code = 'primary.yearly') WHERE {figure:plain}",
                                 {"figure", "figure_without_report"}, "plain"),
    "a figure in the history": ("figure_history", "UPDATE yuebao.figure_history SET value = value - 1 WHERE revision = 1 AND {history:corrected}",
                                {"figure_history"}, "corrected"),
    "a figure gone from the history": ("figure_history", "DELETE FROM yuebao.figure_history WHERE {history:corrected}", {"figure_history"}, "corrected"),
    "history that never was": ("figure_history", "UPDATE yuebao.figure_history SET revision = 9 WHERE {history:corrected}",
                               {"figure_history", "history_without_report"}, "corrected"),
    "who replaced it": ("figure_history", "UPDATE yuebao.figure_history SET replaced_by = sha256('x') WHERE {history:corrected}",
                        {"replaced_by"}, "corrected"),
    "an explanation": ("remark", "UPDATE yuebao.remark SET explanation = '无' WHERE position = 0 AND {of:warned}", {"remark"}, "warned"),
    "an explanation is gone": ("remark", "DELETE FROM yuebao.remark WHERE position = 0 AND {of:warned}", {"remark"}, "warned"),
    "a total": ("total_folded", "UPDATE yuebao.total_folded SET value = value + 1 WHERE {total}", {"total_value", "total_above"}, None),
    "schools in a total": ("total_folded", "UPDATE yuebao.total_folded SET schools = schools - 1, excused = excused + 1 WHERE {total}",
                           {"total_schools", "total_excused", "total_above"}, None),
    "a total's denominator": ("total_folded", "UPDATE yuebao.total_folded SET denominator = denominator + 1 WHERE {total}", {"total_denominator", "total_above"}, None),
    "a total is gone": ("total_folded", "DELETE FROM yuebao.total_folded WHERE {total}", {"total_schools", "total_value", "total_above"}, None),
    "the count of reports": ("total_folded", "UPDATE yuebao.total_folded SET excused = excused + 1 WHERE {reports}",
                             {"total_reports", "total_above"}, None),
    "a total of the districts below": ("total_above", "UPDATE yuebao.total_above SET value = value + 1 WHERE district = 100000 AND indicator = {number}",
                                       {"total_above"}, None),
    "a total of the districts below is gone": ("total_above", "DELETE FROM yuebao.total_above WHERE district = 100000 AND indicator = {number}", {"total_above"}, None),
    "reports owed": ("owed", "UPDATE yuebao.owed SET slots = slots + 1 WHERE {window}", {"owed"}, None),
    "nothing owed": ("owed", "DELETE FROM yuebao.owed WHERE {window}", {"owed"}, None),
    "reports owed below": ("owed_above", "UPDATE yuebao.owed_above SET slots = slots + 1 WHERE district = 100000", {"owed"}, None),
    "who was absent": ("window_note", "UPDATE yuebao.window_note SET absent = absent[2:] WHERE {note}", {"noted"}, None),
    "who was late": ("window_note", "UPDATE yuebao.window_note SET late = '{}' WHERE {note}", {"noted"}, None),
    "the greatest value": ("greatest_note", "UPDATE yuebao.greatest_note SET value = coalesce(value, 0) + 1 WHERE {note}", {"greatest"}, None),
    "what may be unlike the past": ("past_note", "UPDATE yuebao.past_note SET far_schools = schools[1:1], far_indicators = '{{number}}' WHERE {window}", {"past"}, None),
    "a name": ("report", "UPDATE yuebao.report SET filler = '无名' WHERE {of:plain}", {"filler"}, "plain"),
    "late": ("report", "UPDATE yuebao.report SET late = false WHERE {of:late}", {"late", "noted"}, "late"),
    "admitted": ("report", "UPDATE yuebao.report SET admitted = false WHERE {of:afterwards}", {"admitted"}, "afterwards"),
    "when it came": ("report", "UPDATE yuebao.report SET received_at = received_at - interval '1 ms' WHERE {of:late}", {"received_at"}, "late"),
    "its catalogue": ("report", "UPDATE yuebao.report SET catalogue = 99 WHERE {of:plain}", {"catalogue"}, "plain"),
    "its key": ("report", "UPDATE yuebao.report SET key = sha256('x') WHERE {of:plain}", {"key"}, "plain"),
    "its id": ("report", "UPDATE yuebao.report SET id = sha256('x') WHERE revision = 1 AND {of:corrected}", {"id"}, "corrected"),
    "why it corrects": ("report", "UPDATE yuebao.report SET correction = 'x' WHERE revision = 2 AND {of:corrected}", {"correction"}, "corrected"),
    "a byte of the statement": ("report", "UPDATE yuebao.report SET " + flip("envelope", 200) + " WHERE {of:plain}", {"signature", "envelope"}, "plain"),
    "a byte of the signature": ("report", "UPDATE yuebao.report SET " + flip("envelope", -3) + " WHERE {of:plain}", {"signature"}, "plain"),
    "a byte of a replaced one": ("report", "UPDATE yuebao.report SET " + flip("envelope", -3) + " WHERE revision = 1 AND {of:corrected}",
                                 {"signature"}, "corrected"),
    "an envelope that is none": ("report", "UPDATE yuebao.report SET envelope = '\\xffff' WHERE {of:plain}", {"envelope"}, "plain"),
    "a byte of the receipt": ("report", "UPDATE yuebao.report SET " + flip("receipt", -3) + " WHERE {of:plain}", {"answer_signature"}, "plain"),
    "a receipt that is none": ("report", "UPDATE yuebao.report SET receipt = '\\xff' WHERE {of:plain}", {"answer"}, "plain"),
    "another's receipt": ("report", "UPDATE yuebao.report SET receipt = (SELECT receipt FROM yuebao.report WHERE {of:corrected} AND revision = 1) WHERE {of:plain}",
                          {"answer_id", "answer_slot", "received_at"}, "plain"),
    "another's envelope": ("report", "UPDATE yuebao.report r SET (envelope, key) = (SELECT envelope, key FROM yuebao.report WHERE {of:corrected} AND revision = 1)"
                           " WHERE {of:plain}", {"id", "school", "key_of_school", "answer_id", "answer_slot"}, "plain"),
    "a decision": ("decision", "UPDATE yuebao.decision SET answer = answer || '\\x00' WHERE admitted", {"decision"}, "afterwards"),
}

MANY = {"a denominator", "a total", "schools in a total", "a total's denominator", "a total is gone", "the count of reports", "a total of the districts below",
        "a total of the districts below is gone", "reports owed", "nothing owed", "reports owed below", "a reason", "a figure of another form"}  # more than one row is changed


def spelled(filled, sql):
    """The SQL of a tampering with its places filled in."""
    for name in ("plain", "corrected", "warned", "excused", "late", "afterwards"):
        school = getattr(filled, name)
        sql = (sql.replace("{of:%s}" % name, of(school)).replace("{figure:%s}" % name, figure_of(filled, school))
               .replace("{history:%s}" % name, figure_of(filled, school, "figure_history")))
    window = f"""(district, period, form) = ({filled.plain.district}, '{first_day(OPEN)}',
        (SELECT form FROM yuebao.form WHERE code = 'primary.monthly'))"""
    note = f"""(district, period, form) = ({filled.late.district}, '{first_day(LATE)}', (SELECT form FROM yuebao.form WHERE code = 'junior.monthly'))"""
    return (sql.replace("{note}", note).replace("{total}", f"{window} AND indicator = {filled.number}").replace("{reports}", f"{window} AND indicator = 0")
            .replace("{window}", window).replace("{number}", str(filled.number)))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_is_named_and_nothing_else(world, filled, name):
    table, change, kinds, whose = TAMPERINGS[name]
    with tampered(world, table, spelled(filled, change)):
        told = differences(world, ok=65)
        assert told and {d["difference"] for d in told} <= kinds, told
        assert kinds <= {"signature", "envelope"} or {d["difference"] for d in told} == kinds, told
        school = getattr(filled, whose).code if whose else None
        assert {d["school"] for d in told if d["difference"] not in ("noted", "greatest", "past") or school is None} == {school}, told  # a note is a district's
        assert len(told) <= len(kinds) or name in MANY, told
        for line in (world.database.ctl("check-totals", "--lang", "zh", ok=65).stdout, world.database.ctl("check-totals", "--csv", ok=65).stdout):
            assert line.strip()
    assert differences(world) == []


def test_a_revision_that_is_gone_is_missed(world, filled):
    with tampered(world, "report", f"DELETE FROM yuebao.report WHERE revision = 2 AND {of(filled.corrected)}"):
        told = {d["difference"] for d in differences(world, ok=65)}
        assert told == {"revision_before", "history_without_report", "total_reports"}
    with tampered(world, "report", f"DELETE FROM yuebao.report WHERE {of(filled.plain)}"):
        told = differences(world, ok=65)
        assert {d["difference"] for d in told} == {"figure_without_report", "total_schools", "total_value", "total_denominator",
                                                      "total_reports"}
        assert len([d for d in told if d["difference"] == "figure_without_report"]) == len(filled.figures)


def test_a_period_without_any_report_has_no_totals(world, filled):
    with tampered(world, "total_folded", f"""INSERT INTO yuebao.total_folded (district, period, form, indicator, schools, excused, value, denominator)
                                             SELECT 410482, '2001-01-01', form, indicator, 1, 0, 5, 0
                                             FROM yuebao.total_folded WHERE indicator = {filled.number} LIMIT 1"""):
        told = differences(world, ok=65)
        assert {(d["difference"], d["district"], d["period"], d["found"], d["expected"]) for d in told} == {
            ("total_schools", "410482", "2001-01", "1", "0"), ("total_value", "410482", "2001-01", "5", "0"),
            *(("total_above", above, "2001-01", "0/0/0/0", "1/0/5/0") for above in ("410400", "410000", "100000"))}
        assert differences(world, "--district", filled.plain.district) == []


def test_more_than_fits_a_screen(world, filled):
    with tampered(world, "figure", "UPDATE yuebao.figure SET value = value + 1 WHERE value IS NOT NULL"):
        told = differences(world, ok=65)
        assert len(told) == world.database.value("SELECT count(*) FROM yuebao.figure WHERE value IS NOT NULL") > 60
        assert all(int(float(d["found"].split("/")[0]) * 10**6) != int(float(d["expected"].split("/")[0]) * 10**6) for d in told)
        screen = world.database.ctl("check-totals", ok=65).stdout
        assert f"{len(told)} differences" in screen and f"{len(told) - 50} more are not shown" in screen


# ---- one statement -----------------------------------------------------------------------------------------------


def values_of(world, told):
    """number -> (value, denominator), scaled, of a replay's figures."""
    found = {}
    for figure in told:
        if "value" not in figure:
            continue
        value, _, denominator = figure["value"].partition("/")
        found[figure["number"]] = (int(value.replace(".", "")), int(denominator.replace(".", "") or 0))
    return found


def pairs(figures_):
    return {n: f if isinstance(f, tuple) else (f, 0) for n, f in figures_.items()}


def test_replay_of_a_receipted_statement(world, filled):
    (told,) = replayed(world, filled.plain_id.hex()[:8])
    assert told["id"] == filled.plain_id.hex() and told["table"] == "report" and told["agrees"] and told["differences"] == []
    assert told["signature_holds"] and told["key"] == world.keys[filled.plain.code].public.hex()
    assert told["key_enrolled_for"] == filled.plain.code and told["school_zh"] == filled.plain.name_zh
    said = told["statement"]
    assert (said["filler"], said["reviewer"], said["head"]) == ("王芳", "李强", "赵敏")
    assert said["catalogue"] == world.catalogue.hash.hex() and said["findings"] == []
    assert values_of(world, said["figures"]) == pairs(filled.figures) == values_of(world, told["books"])
    assert told["answer"]["outcome"] == "receipt" and told["answer"]["signature_holds"] and not told["answer"]["late"]
    with world.greeted(filled.plain) as session:
        assert told["answer"]["key"] == session.welcome.server_key[0].hex()
    text = world.database.ctl("replay", filled.plain_id.hex()).stdout
    assert "signature holds" in text and "no finding" in text and "Everything agrees" in text and "on time" in text
    text = world.database.ctl("replay", filled.plain_id.hex(), "--lang", "zh").stdout
    assert "签名有效" in text and "未发现问题" in text and "各项一致" in text and "填表人：王芳" in text
    rows = world.database.ctl("replay", filled.plain_id.hex(), filled.late_id.hex(), "--csv").stdout
    assert rows.count("in_books") == 1 and rows.count(filled.late_id.hex()) > 5


def test_replay_of_each_revision(world, filled):
    code = filled.corrected.code
    (newest,) = replayed(world, "--school", code, "--period", OPEN)
    assert newest["id"] == filled.chain[2].hex() and newest["is_newest"]
    assert newest["statement"]["previous"] == filled.chain[1].hex() and newest["statement"]["correction"] == "抄录有误"
    for revision, digest in enumerate(filled.chain, 1):
        (one,) = replayed(world, "--school", code, "--period", OPEN, "--form", "primary.monthly", "--revision", revision)
        assert one["id"] == digest.hex() and one["agrees"]
        assert one["statement"]["figures"] == one["books"]
    with tampered(world, "figure_history", f"UPDATE yuebao.figure_history SET value = value + 1 WHERE revision = 1 AND value IS NOT NULL AND {of(filled.corrected)}"):
        several = replayed(world, *[d.hex() for d in filled.chain], ok=65)
        assert [one["agrees"] for one in several] == [False, True, True]
        assert {d["difference"] for d in several[0]["differences"]} == {"figure_history"}


def test_replay_of_what_was_explained_and_excused(world, filled):
    (told,) = replayed(world, filled.warned_id.hex())
    assert told["agrees"] and [f["rule"] for f in told["statement"]["findings"]] == [RULE]
    assert [e["text"] for e in told["statement"]["explanations"]] == ["随迁子女同时留守", "总的说明"]
    text = world.database.ctl("replay", filled.warned_id.hex(), "--lang", "zh").stdout
    assert "随迁子女同时留守" in text and "各项一致" in text
    (told,) = replayed(world, filled.excused_id.hex())
    assert told["agrees"] and {f["missing"] for f in told["statement"]["figures"] if "missing" in f} <= {
        "NOT_YET_KNOWN", "NOT_COLLECTED", "REFUSED"}
    assert "暂未掌握" in world.database.ctl("replay", filled.excused_id.hex(), "--lang", "zh").stdout


def test_replay_of_what_came_after_close(world, filled):
    admitted, waiting, declined = replayed(world, filled.admitted_id.hex(), filled.waiting_id.hex(), filled.declined_id.hex())
    assert admitted["table"] == "report" and admitted["answer"]["admitted"] and admitted["answer"]["reason"] == "洪水冲断光缆"
    assert waiting["table"] == "kept" and waiting["answer"]["outcome"] == "kept" and waiting["decision"] is None
    assert declined["decision"]["outcome"] == "declined" and declined["decision"]["reason"] == "数据已另报"
    assert declined["decision"]["signature_holds"] and declined["decided_by"] == "postgres"
    assert "不予采纳" in world.database.ctl("replay", declined["id"], "--lang", "zh").stdout


def test_replay_of_a_refused_statement(world, filled):
    def stored():
        return world.database.value("SELECT count(*) FROM yuebao.rejection WHERE id = %s", filled.refused_id)

    wait_for("the refusal to be written down", stored)
    (told,) = replayed(world, filled.refused_id.hex())
    assert told["table"] == "rejection" and told["agrees"] and told["answer"]["outcome"] == "reject"
    codes = [f["code"] for f in told["answer"]["findings"]]
    assert "BELOW_MIN" in codes and codes == [f["code"] for f in told["statement"]["findings"]]
    text = world.database.ctl("replay", filled.refused_id.hex()).stdout
    assert "Refused" in text and "-1" in text
    world.database.ctl("replay", "--school", filled.refused_school.code, "--period", OPEN, ok=65)


def test_an_older_catalogue_still_judges_its_own(world, filled, tmp_path):
    """Bounds that would refuse it today do not touch what was accepted by the catalogue of then."""
    before = figures.Catalogue.of(world.database).hash
    pupils = filled.figures[filled.number]
    change = with_row("indicator", "enrolled_pupils", max=str(pupils - 1))
    world.database.ctl("import", plan_file(tmp_path, "indicators.csv", change))
    assert figures.Catalogue.of(world.database).hash != before
    (told,) = replayed(world, filled.plain_id.hex())
    assert told["agrees"] and told["statement"]["catalogue"] == before.hex() and told["statement"]["findings"] == []
    assert differences(world) == []
    world.database.ctl("import", ROOT / "sql" / "plans")


@pytest.mark.parametrize("table, id_, column, says", [
    ("report", "plain_id", "envelope", "signature"), ("report", "plain_id", "receipt", "answer_signature"),
    ("kept", "waiting_id", "envelope", "signature"), ("kept", "waiting_id", "answer", "answer_signature"),
    ("rejection", "refused_id", "envelope", "signature"), ("rejection", "refused_id", "findings", "answer_signature"),
])
def test_forgeries_are_told(world, filled, table, id_, column, says):
    digest = getattr(filled, id_).hex()
    where = f"WHERE id = '\\x{digest}'"
    world.database.run(f"UPDATE yuebao.{table} SET {flip(column, -3)} {where}")
    try:
        (told,) = replayed(world, digest, ok=65)
        assert not told["agrees"] and [d["difference"] for d in told["differences"]] == [says]
        assert "DOES NOT" in world.database.ctl("replay", digest, ok=65).stderr
        assert "不一致" in world.database.ctl("replay", digest, "--lang", "zh", ok=65).stderr
    finally:
        world.database.run(f"UPDATE yuebao.{table} SET {flip(column, -3)} {where}")
    assert replayed(world, digest)[0]["agrees"]


def test_a_statement_signed_by_a_stranger_is_told(world, filled):
    """Somebody with the database's password makes a whole row: well signed, by a key of nobody's."""
    key = contract.Key()
    statement = world.statement(filled.plain, filled.figures)
    envelope = contract.envelope(key, statement).SerializeToString()
    with tampered(world, "report", f"""UPDATE yuebao.report SET envelope = '\\x{envelope.hex()}', key = '\\x{key.public.hex()}',
                                       id = '\\x{contract.statement_id(statement).hex()}' WHERE {of(filled.plain)}"""):
        (told,) = replayed(world, "--school", filled.plain.code, "--period", OPEN, ok=65)
        assert {d["difference"] for d in told["differences"]} == {"key_of_school", "answer_id"}
        assert {d["difference"] for d in differences(world, ok=65)} == {"key_of_school", "answer_id"}
