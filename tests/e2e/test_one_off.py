"""One-off forms: asked of chosen schools for one period, by their own catalogue; what is asked anyhow is not asked twice."""

import csv
import io
import json
import re

import pytest

import figures
import world as worlds
from contract import pb
from house import ROOT, wait_for

EXTRA = [dict(indicator="extinguishers_checked", name_zh="灭火器检查数", name_en="Extinguishers checked", max="500"),
         dict(indicator="extinguishers_expired", name_zh="过期灭火器数", name_en="Extinguishers out of date", max="500"),
         dict(indicator="exits_blocked", name_zh="堵塞的安全出口数", name_en="Exits blocked", max="50")]
RULE = dict(rule="expired_within_checked", severity="error", left="extinguishers_expired", op="<=", right="extinguishers_checked",
            message_zh="过期灭火器数不能多于检查数", message_en="Extinguishers out of date cannot exceed those checked")
DAY = worlds.TODAY.isoformat()
ASK = ("--kind", "primary", "--indicators", "extinguishers_checked,extinguishers_expired", "--optional", "exits_blocked")


def with_extra(tmp_path):
    """sql/plans with three indicators that no regular form asks, and a rule between them."""
    for name, more in (("indicators.csv", EXTRA), ("rules.csv", [RULE])):
        with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        like = next((r for r in rows if r["indicator"] == "largest_class_size"), {}) if name == "indicators.csv" else {}
        rows += [{**like, "over_schools": "sum", "reported_by": "", "frequency": "", "unit": "units", **one} if like else one for one in more]
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (tmp_path / name).write_text(out.getvalue(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def database(cluster, template, request, tmp_path):
    """The made-up schools, an open calendar, and the extra indicators."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    database.ctl("import", with_extra(tmp_path))
    yield database
    database.drop()


def primaries(database, count, other=0):
    return [code for (code,) in database.rows("SELECT code FROM yuebao.school WHERE kind = 'primary' AND institution = code "
                                              "ORDER BY code OFFSET %s LIMIT %s", other, count)]


def catalogues(database):
    return database.rows("SELECT catalogue, governs_from::text FROM yuebao.catalogue ORDER BY 1")


# ---- from the bureau to the books -------------------------------------------------------------------------------


def test_an_inspection_reaches_the_chosen_schools_and_the_books(make_world, tmp_path):
    world = make_world()
    world.database.ctl("import", with_extra(tmp_path))
    (school, key), (other, _) = world.enrolled("primary"), world.enrolled("primary")
    regular = world.database.value("SELECT k.hash FROM yuebao.catalogue k JOIN yuebao.calendar c USING (catalogue) JOIN yuebao.form f "
                                   "USING (form) WHERE f.code = 'primary.monthly' AND c.period = %s", worlds.first_day(worlds.OPEN))
    (sent,) = json.loads(world.database.ctl("ask", "fire-2026", DAY, *ASK, "--schools", school.code, "--due", "now+2d", "--title-zh", "消防专项检查",
                                            "--title-en", "Fire inspection", "--lang", "en", "--json").stdout)
    assert (sent["form"], sent["name"], sent["period"], sent["schools"], sent["indicators"]) == (
        "primary.daily.fire-2026", "Fire inspection", DAY, 1, "extinguishers_checked extinguishers_expired exits_blocked?")
    catalogue = figures.Catalogue.of(world.database)
    checked, expired, _ = (catalogue.number(one["indicator"]) for one in EXTRA)

    def windows(who):
        with world.greeted(who) as session:
            return [w for w in session.agenda().window if w.form == sent["form"]]

    (window,) = wait_for("the form in the agenda", lambda: windows(school))
    assert (window.period, window.catalogue, list(window.school)) == (DAY, catalogue.hash, [school.code])
    assert windows(other) == []
    with world.greeted(school) as session:
        held = figures.Catalogue(session.catalogue(catalogue.hash))
        form = held.forms[sent["form"]]
        assert (form.name_zh, list(form.required), list(form.optional)) == ("消防专项检查", [checked, expired], [catalogue.number("exits_blocked")])
        fields = dict(form=sent["form"], period=DAY, catalogue=catalogue.hash)
        refused = session.submit(world.envelope(school, world.statement(school, {checked: 3, expired: 4}, **fields)))
        assert [(f.code, f.rule) for f in refused.reject.finding] == [(pb.RULE_BROKEN, "expired_within_checked")]
        accepted = session.submit(world.envelope(school, world.statement(school, {checked: 30, expired: 4}, **fields)))
        assert accepted.HasField("receipt")
        monthly = session.submit(world.envelope(school, world.statement(school, world.lawful(school), catalogue=bytes(regular))))
        assert monthly.HasField("receipt"), "the regular form goes on under its own catalogue"
    with world.greeted(other) as session:
        verdict = session.submit(world.envelope(other, world.statement(other, {checked: 30, expired: 4}, **fields)))
        assert [f.code for f in verdict.reject.finding] == [pb.FORM_NOT_SENT]
    assert world.booked(school, DAY, "daily") == {checked: (30, 0), expired: (4, 0)}
    world.assert_books_agree()
    assert [tuple(row) for row in world.database.rows("SELECT school FROM api.missing WHERE form = %s", sent["form"])] == []


# ---- what changes, and what does not ----------------------------------------------------------------------------


def test_everybody_elses_forms_stay_as_they_are(database, tmp_path):
    before = database.rows("SELECT form, period, catalogue FROM yuebao.calendar ORDER BY 1, 2")
    governing = database.value("SELECT yuebao.governing(current_date)")
    database.ctl("ask", "fire", DAY, *ASK, "--schools", ",".join(primaries(database, 3)))
    assert database.rows("SELECT c.form, c.period, c.catalogue FROM yuebao.calendar c JOIN yuebao.form f USING (form) WHERE f.name = '' "
                         "ORDER BY 1, 2") == before
    assert database.value("SELECT yuebao.governing(current_date)") == governing
    old, new = (pb.Catalogue.FromString(bytes(b)) for (b,) in database.rows(
        "SELECT bytes FROM yuebao.catalogue WHERE catalogue >= %s ORDER BY catalogue", governing))
    assert (list(new.indicator), list(new.rule)) == (list(old.indicator), list(old.rule))
    assert [f for f in new.form if f.code != "primary.daily.fire"] == list(old.form)
    assert "Nothing changed" in database.ctl("import", tmp_path).stdout, "an unchanged import changes nothing"
    assert database.rows("SELECT * FROM yuebao.asked_twice()") == []
    opened = database.ctl("calendar", "open", "2033-03-01", "--frequency", "daily").stdout
    assert "fire" not in opened, "it is asked once, for its one period"


def test_a_dry_run_leaves_no_trace(database):
    def trace():
        return [database.value(f"SELECT count(*) FROM yuebao.{t}") for t in ("form", "form_school", "catalogue", "calendar", "audit_log")]
    before = trace()
    said = database.ctl("ask", "fire", DAY, *ASK, "--schools", primaries(database, 1)[0], "--dry-run").stdout
    assert "primary.daily.fire" in said and "nothing was changed" in said
    assert trace() == before
    numbers = [database.value(f"SELECT max({t}) FROM yuebao.{t}") for t in ("form", "catalogue")]
    database.ctl("ask", "fire", DAY, *ASK, "--schools", primaries(database, 1)[0])
    assert [database.value(f"SELECT max({t}) FROM yuebao.{t}") for t in ("form", "catalogue")] == [n + 1 for n in numbers]
    assert database.rows("SELECT detail ->> 'form', detail -> 'schools' FROM yuebao.audit_log WHERE action = 'ask'") == [
        ("primary.daily.fire", primaries(database, 1))]


def test_schools_by_district_and_by_file(database, tmp_path):
    def sent(form):
        return [code for (code,) in database.rows("SELECT s.code FROM yuebao.form_school JOIN yuebao.form f USING (form) JOIN yuebao.school s "
                                                  "USING (school) WHERE f.code = %s ORDER BY 1", form)]
    database.ctl("ask", "city", DAY, *ASK, "--district", "220200")
    assert sent("primary.daily.city") == [code for (code,) in database.rows(
        """SELECT s.code FROM yuebao.school s JOIN yuebao.school_district m USING (school) WHERE s.kind = 'primary' AND m.district IN
           (SELECT district FROM yuebao.district_ancestor WHERE ancestor = 220200) ORDER BY 1""")]
    some = primaries(database, 3)
    listed = tmp_path / "some.csv"
    listed.write_bytes(database.ctl("schools", "--kind", "primary", "--csv").stdout.encode())
    late = ("--due", "now+5d", "--closes", "now+9d")
    database.ctl("ask", "all", "2020-01-02", *ASK, "--schools", listed, *late)
    assert len(sent("primary.daily.all")) == database.value("SELECT count(*) FROM yuebao.school WHERE kind = 'primary'")
    listed.write_text("\n".join(some))
    database.ctl("ask", "some", "2020-01-03", *ASK, "--schools", listed, *late)
    assert sent("primary.daily.some") == some


# ---- what is refused --------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_and_nothing_changes(database):
    school = primaries(database, 1)[0]
    junior = database.value("SELECT min(code) FROM yuebao.school WHERE kind = 'junior'")
    before = (catalogues(database), database.value("SELECT count(*) FROM yuebao.form"))
    said = database.ctl("ask", "fire", DAY, "--kind", "primary", "--indicators", "exits_blocked,no_such_thing,enrolled_pupils,pupils_absent_ill",
                        "--schools", f"{school},{junior},9999999", ok=65).stderr
    for words in ("There is no indicator “no_such_thing”", "Indicator enrolled_pupils is asked by primary.monthly anyhow",
                  "Indicator pupils_absent_ill is asked by primary.daily anyhow", f"School {junior} is of kind junior", "There is no school “9999999”"):
        assert words in said
    assert "exits_blocked" in database.ctl("ask", "fire", DAY, "--kind", "primary", "--indicators", "exit_blocked", "--schools", school, ok=65).stderr
    assert "does not exist on the last day" in database.ctl("ask", "fire", "2009-01-02", *ASK, "--schools", school, ok=65).stderr
    assert (catalogues(database), database.value("SELECT count(*) FROM yuebao.form")) == before


@pytest.mark.parametrize("args, words", [
    (["Fire!", DAY, *ASK, "--schools", "1"], "is not a name for a form"),
    (["fire", "soon", *ASK, "--schools", "1"], "is not a period"),
    (["fire", DAY, *ASK], "--schools or --district"),
    (["fire", DAY, *ASK, "--schools", "1", "--district", "220200"], "one of them"),
    (["fire", DAY, "--kind", "primary", "--schools", "1"], "--indicators"),
    (["fire", DAY, "--indicators", "a", "--schools", "1"], "--kind"),
    (["fire", DAY, *ASK, "--schools", "1,,2"], "is not a code"),
    (["fire", DAY, *ASK, "--schools", "1,{2}"], "is not a code"),
    (["fire", DAY, *ASK, "--schools", "1", "--due", "soon"], "is not an instant"),
    (["fire"], "ask NAME PERIOD"),
])
def test_wrong_use_is_told_before_the_database_is_asked(database, args, words):
    assert words in database.ctl("ask", *args, "--lang", "en", ok=64).stderr


def test_no_school_is_asked_for_one_thing_twice(database):
    one, two, three = primaries(database, 3)
    database.ctl("ask", "fire", DAY, *ASK, "--schools", f"{one},{two}")
    week = worlds.period_of("weekly", worlds.TODAY)
    refused = database.ctl("ask", "smoke", week, *ASK, "--schools", f"{two},{three}", ok=65).stderr
    assert f"exits_blocked is asked by primary.daily.fire {DAY} and by primary.weekly.smoke {week}" in refused
    database.ctl("ask", "smoke", week, *ASK, "--schools", three)
    assert "There is a form primary.daily.fire already" in database.ctl("ask", "fire", "2020-01-02", *ASK, "--schools", one, ok=65).stderr


def test_a_regular_form_may_not_ask_what_a_one_off_form_has_asked(database):
    """What was never opened and is over is free for a one-off form; then the regular one cannot be opened any more."""
    database.ctl("ask", "history", "2020-01", "--kind", "primary", "--indicators", "enrolled_pupils", "--schools", primaries(database, 1)[0],
                 "--due", "now+5d", "--closes", "now+9d")
    refused = database.ctl("calendar", "open", "2020-01", "--form", "primary.monthly", ok=65).stderr
    assert "enrolled_pupils is asked by primary.monthly 2020-01 and by primary.monthly.history 2020-01" in refused
    database.ctl("calendar", "open", "2020-01", "--form", "junior.monthly")


def test_while_a_change_is_put_off_the_catalogue_of_now_is_extended(database, tmp_path):
    later = worlds.month(-3)
    path = tmp_path / "indicators.csv"
    text = path.read_text(encoding="utf-8")
    new = text.splitlines()[-1].replace("exits_blocked", "exits_widened")
    path.write_text(text.replace(",0,20000,", ",0,30000,", 1) + new + "\n", encoding="utf-8")
    database.ctl("import", "--from", later, path)
    assert "exits_widened is not in the catalogue that governs that period" in database.ctl(
        "ask", "wide", DAY, "--kind", "primary", "--indicators", "exits_widened", "--schools", primaries(database, 1)[0], ok=65).stderr
    database.ctl("ask", "fire", DAY, *ASK, "--schools", primaries(database, 1)[0])
    catalogue = figures.Catalogue.of(database)
    assert "exits_widened" not in catalogue.by_code and figures.bound(catalogue.by_code["enrolled_pupils"].max) == 20000
    database.ctl("ask", "wide", later, "--kind", "primary", "--indicators", "exits_widened", "--schools", primaries(database, 1)[0],
                 "--opens", "now+1d", "--due", "end+5d")
    assert figures.bound(figures.Catalogue.of(database).by_code["enrolled_pupils"].max) == 30000
    assert "Nothing changed" in database.ctl("import", path).stdout


def test_the_calendar_knows_it_by_its_own_name(database):
    database.ctl("ask", "fire", DAY, *ASK, "--schools", primaries(database, 1)[0], "--title-zh", "消防检查", "--due", "now+2d", "--closes", "now+9d")
    (window,) = json.loads(database.ctl("calendar", "list", "primary.daily.fire", "--lang", "zh", "--json").stdout)
    assert (window["name"], window["state"]) == ("消防检查", "open")
    (moved,) = json.loads(database.ctl("calendar", "set", DAY, "--form", "primary.daily.fire", "--closes", "now+20d", "--json").stdout)
    assert moved["form"] == "primary.daily.fire"
    assert {row["school"] for row in json.loads(database.ctl("missing", "--form", "primary.daily.fire", "--json").stdout)} == set(primaries(database, 1))
    database.ctl("missing", "--form", "primary.daily.water", ok=65)
