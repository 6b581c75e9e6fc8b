"""What an import may change, from when on, and what it says about it; what the past forbids."""

import csv
import datetime
import io
import json
import re

import pytest

import figures
import world
from contract import pb
from house import ROOT, wait_for


@pytest.fixture
def filled(cluster, template, request):
    """A database of one's own with the plans, schools and an open calendar."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    yield database
    database.drop()


def plan_rows(name):
    with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plan_file(tmp_path, name, change=lambda rows: None):
    """A file of sql/plans after `change` was done to its rows."""
    rows = plan_rows(name)
    change(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / name
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def with_row(column, code, **values):
    """A change for plan_file: the row whose `column` is `code` gets these values."""
    return lambda rows: next(r for r in rows if r[column] == code).update(values)


TARGETS, RULES = plan_rows("targets.csv"), plan_rows("rules.csv")


def faults(database, *args):
    return json.loads(database.ctl("import", *args, "--json", ok=65).stdout)


def newest(database):
    return pb.Catalogue.FromString(bytes(database.value("SELECT bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1")))


# ---- rules -----------------------------------------------------------------------------------------------------


def test_a_rule_about_the_period_before_is_in_the_catalogue(filled):
    catalogue = newest(filled)
    codes = {i.number: i.code for i in catalogue.indicator}
    (rule,) = (r for r in catalogue.rule if r.code == "hazards_carried_over_is_open_before")
    assert [(codes[t.indicator], t.previous) for t in (*rule.left, *rule.right)] == [
        ("safety_hazards_carried_over", False), ("safety_hazards_open", True)]
    assert rule.severity == pb.WARNING
    assert not any(t.previous for r in catalogue.rule if r.code != rule.code for t in (*r.left, *r.right))


@pytest.mark.parametrize("rule, words", [
    ("hazards_carried_over_is_open_before", "period before"),
    ("absent_ill_within_enrolled", "No form holds"),
])
def test_what_one_report_cannot_decide_can_only_warn(filled, tmp_path, rule, words):
    path = plan_file(tmp_path, "rules.csv", with_row("rule", rule, severity="error"))
    (fault,) = faults(filled, path)
    assert (fault["column"], fault["value"]) == ("severity", "error") and words in fault["problem"]


def test_previous_comes_and_goes_with_the_file(filled, tmp_path):
    change = with_row("rule", "attendance_den_within_enrolled", left="pupil_attendance_rate.den.previous")
    filled.ctl("import", plan_file(tmp_path, "rules.csv", change))
    asked = "SELECT t.part, t.previous FROM yuebao.rule_term t JOIN yuebao.rule r USING (rule) WHERE r.code = %s AND t.side = 'left'"
    assert filled.rows(asked, "attendance_den_within_enrolled") == [("denominator", True)]
    filled.ctl("import", ROOT / "sql" / "plans")
    assert filled.rows(asked, "attendance_den_within_enrolled") == [("denominator", False)]


def test_an_indicator_that_leaves_its_form_leaves_no_rule_torn(filled, tmp_path):
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "boarding_pupils", frequency="yearly"))
    torn = [f for f in faults(filled, path) if f["column"] == "frequency"]
    assert {re.search(r"Rule (\w+)", f["problem"]).group(1) for f in torn} == {"boarding_within_enrolled", "boarding_subsidy_within_boarders"}


# ---- indicators ------------------------------------------------------------------------------------------------


def test_an_indicator_may_be_asked_by_no_regular_form(filled, tmp_path):
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "largest_class_size", reported_by="", frequency=""))
    rules = plan_file(tmp_path, "rules.csv", with_row("rule", "largest_class_within_enrolled", severity="warning"))
    filled.ctl("import", path, rules)
    catalogue = newest(filled)
    (number,) = (i.number for i in catalogue.indicator if i.code == "largest_class_size")
    assert not any(number in (*f.required, *f.optional) for f in catalogue.form)
    assert "Nothing changed" in filled.ctl("import", path, rules).stdout


@pytest.mark.parametrize("empty", ["reported_by", "frequency"])
def test_who_and_how_often_go_together(filled, tmp_path, empty):
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "largest_class_size", **{empty: ""}))
    assert [(f["column"], f["value"]) for f in faults(filled, path)] == [(empty, "")]


# ---- from when a change governs ---------------------------------------------------------------------------------


@pytest.fixture
def calm(cluster, template, request):
    """The plans in a database whose calendar is empty."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    database.run("DELETE FROM yuebao.calendar")
    yield database
    database.drop()


def month(index):
    """The month so many after this one, "2026-12"; negative: before."""
    return world.month(-index)


def opens(database, period, form, ago="1h"):
    database.ctl("calendar", "open", period, "--form", form, "--opens", f"now-{ago}" if ago else "now+30d", "--due", "now+40d",
                 "--closes", "now+50d")


def governed(database, form):
    """period -> which catalogue, counted from 1, of the form's windows."""
    return dict(database.rows("""SELECT yuebao.period_text(c.period, f.frequency), (SELECT count(*) FROM yuebao.catalogue k
        WHERE k.catalogue <= c.catalogue) FROM yuebao.calendar c JOIN yuebao.form f USING (form) WHERE f.code = %s""", form))


def raised(tmp_path, bound):
    return plan_file(tmp_path, "indicators.csv", with_row("indicator", "enrolled_pupils", max=bound))


def test_a_change_governs_what_has_not_opened(calm, tmp_path):
    opens(calm, month(0), "primary.monthly")
    opens(calm, month(1), "primary.monthly", ago=None)
    said = calm.ctl("import", "--dry-run", raised(tmp_path, "30000")).stdout
    assert f"It governs primary.monthly from {month(1)} on; {month(0)} has opened and keeps its catalogue." in said
    assert "It governs yearly reports, whatever is opened from now on." in said
    assert governed(calm, "primary.monthly") == {month(0): 1, month(1): 1}, "dry"
    calm.ctl("import", raised(tmp_path, "30000"))
    assert governed(calm, "primary.monthly") == {month(0): 1, month(1): 2}
    opens(calm, month(-1), "primary.monthly")
    opens(calm, month(2), "primary.monthly", ago=None)
    assert governed(calm, "primary.monthly") == {month(-1): 2, month(0): 1, month(1): 2, month(2): 2}


def test_a_change_is_put_off_to_a_period(calm, tmp_path):
    for n in (1, 2, 3):
        opens(calm, month(n), "primary.monthly", ago=None)
    said = calm.ctl("import", "--from", month(2), raised(tmp_path, "30000")).stdout
    assert f"It governs monthly reports from {month(2)} on; earlier ones keep the catalogue before it." in said
    assert governed(calm, "primary.monthly") == {month(1): 1, month(2): 2, month(3): 2}
    opens(calm, month(0), "primary.monthly")
    opens(calm, month(4), "primary.monthly", ago=None)
    assert governed(calm, "primary.monthly") == {month(0): 1, month(1): 1, month(2): 2, month(3): 2, month(4): 2}
    assert "Nothing changed" in calm.ctl("import", "--from", month(2), raised(tmp_path, "30000")).stdout


def test_nothing_comes_before_a_change_that_is_put_off(calm, tmp_path):
    calm.ctl("import", "--from", month(2), raised(tmp_path, "30000"))
    refused = calm.ctl("import", "--from", month(1), raised(tmp_path, "40000"), ok=65)
    assert f"{month(2)}-01" in refused.stderr and "imported before" in refused.stderr
    said = calm.ctl("import", raised(tmp_path, "40000")).stdout
    assert f"A change that governs from {month(2)}-01 was imported before this one; so does this one" in said
    calm.ctl("import", "--from", month(3), raised(tmp_path, "50000"))
    for n in (1, 2, 3):
        opens(calm, month(n), "primary.monthly", ago=None)
    assert governed(calm, "primary.monthly") == {month(1): 1, month(2): 3, month(3): 4}


def test_a_period_before_a_change_that_is_opened_late_asks_what_was_asked_then(calm, tmp_path):
    calm.ctl("import", "--from", month(1), raised(tmp_path, "30000"))
    calm.run("UPDATE yuebao.catalogue SET governs_from = %s WHERE governs_from > '-infinity'", f"{month(-2)}-01")
    said = calm.ctl("import", raised(tmp_path, "40000")).stdout
    assert "imported before" not in said and f"It governs monthly reports from {month(-2)} on" in said
    for n in (-3, -2, -1):
        opens(calm, month(n), "primary.monthly")
    assert governed(calm, "primary.monthly") == {month(-3): 1, month(-2): 3, month(-1): 3}
    calm.ctl("import", "--from", month(-3), raised(tmp_path, "50000"), ok=65)


def test_what_has_opened_is_not_governed_anew(calm, tmp_path):
    opens(calm, month(1), "special.monthly")
    for period in (month(1), month(0), f"{month(1)}-01"):
        refused = calm.ctl("import", "--from", period, raised(tmp_path, "30000"), ok=65).stderr
        assert f"special.monthly {month(1)} is open already, so nothing can govern from {period}" in refused
    calm.ctl("import", "--from", month(2), raised(tmp_path, "30000"))
    calm.ctl("import", "--from", "next month", raised(tmp_path, "30000"), ok=64)


def test_an_extension_that_has_opened_for_one_school_keeps_the_catalogue(calm, tmp_path):
    opens(calm, month(1), "primary.monthly", ago=None)
    calm.run("""INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
                SELECT c.form, c.period, s.school, now() - interval '1 day', c.due_at, c.closes_at, 'early'
                FROM yuebao.calendar c, (SELECT min(school) AS school FROM yuebao.school WHERE kind = 'primary') s""")
    calm.ctl("import", raised(tmp_path, "30000"))
    assert governed(calm, "primary.monthly") == {month(1): 1}
    calm.ctl("import", "--from", month(1), raised(tmp_path, "40000"), ok=65)


def test_a_calendar_before_the_first_catalogue(cluster, request):
    database = cluster.create("before_the_first_catalogue")
    database.ctl("migrate")
    database.ctl("import", ROOT / "sql" / "plans", "--from", "2030-01")
    assert "the first governs from 2030-01-01" in database.ctl("calendar", "open", "2029-12", ok=65).stderr
    assert "opened." in database.ctl("calendar", "open", "2030-01").stdout
    database.drop()


# ---- another frequency ------------------------------------------------------------------------------------------


def switched(tmp_path, frequency="daily"):
    """electricity_consumption, which stands in no rule, at another frequency."""
    return plan_file(tmp_path, "indicators.csv", with_row("indicator", "electricity_consumption", frequency=frequency))


def asks(database, form, period):
    return database.value("""SELECT EXISTS (SELECT FROM yuebao.calendar c JOIN yuebao.form f USING (form)
        JOIN yuebao.catalogue_form a USING (catalogue, form) JOIN yuebao.indicator i USING (indicator)
        WHERE f.code = %s AND yuebao.period_text(c.period, f.frequency) = %s AND i.code = 'electricity_consumption')""", form, period)


def test_from_monthly_to_daily(calm, tmp_path):
    day = f"{month(1)}-01"
    for n in (0, 1):
        opens(calm, month(n), "primary.monthly", ago=None if n else "1h")
    tomorrow = str(world.TODAY + datetime.timedelta(days=1))
    opens(calm, tomorrow, "primary.daily", ago=None)
    opens(calm, day, "primary.daily", ago=None)
    if tomorrow != day:
        (fault,) = faults(calm, switched(tmp_path))
        assert f"primary.monthly {month(0)} asks for it, and primary.daily {tomorrow} too" in fault["problem"]
        assert f"--from {day}" in fault["problem"] and (fault["column"], fault["value"]) == ("frequency", "daily")
    calm.ctl("import", "--from", day, switched(tmp_path))
    assert [asks(calm, "primary.monthly", month(0)), asks(calm, "primary.monthly", month(1)), asks(calm, "primary.daily", day)] == [
        True, False, True], "the month that has opened keeps asking, from the next one on the days do"
    assert not asks(calm, "primary.daily", tomorrow) or tomorrow == day
    assert calm.rows("SELECT * FROM yuebao.asked_twice()") == []


def test_a_year_and_its_january_never_claim_one_figure(calm, tmp_path):
    year = world.TODAY.year + 1
    opens(calm, f"{year}-01", "primary.monthly", ago=None)
    calm.ctl("import", "--from", f"{year}-02", switched(tmp_path, "yearly"))
    assert asks(calm, "primary.monthly", f"{year}-01")
    calm.ctl("calendar", "open", str(year), "--form", "primary.yearly")
    assert not asks(calm, "primary.yearly", str(year)), "it begins before the change, and so asks by the catalogue before it"
    calm.run("UPDATE yuebao.catalogue SET governs_from = '-infinity'")
    calm.run("DELETE FROM yuebao.calendar WHERE form = (SELECT form FROM yuebao.form WHERE code = 'primary.yearly')")
    refused = calm.ctl("calendar", "open", str(year), "--form", "primary.yearly", ok=65).stderr
    assert f"electricity_consumption is asked by primary.monthly {year}-01 and by primary.yearly {year}" in refused
    assert f"Free from {year + 1}-01-01 on" in refused
    assert governed(calm, "primary.yearly") == {}


def test_windows_of_a_form_that_asks_nothing_any_more_go(calm, tmp_path):
    opens(calm, "2031-W10", "special.weekly", ago=None)
    opens(calm, month(0), "primary.monthly")

    def daily(rows):
        for row in rows:
            if row["frequency"] == "weekly":
                row["frequency"] = "daily"
    calm.ctl("import", plan_file(tmp_path, "indicators.csv", daily))
    assert governed(calm, "special.weekly") == {}
    calm.ctl("calendar", "open", "2031-W10", ok=65)


def test_while_the_days_begin_the_last_month_is_still_reported(make_world, tmp_path):
    """With a collector: the month that was asked before the switch goes on, the days after it are asked, the books are right."""
    house = make_world()
    old, first = house.catalogue, f"{month(1)}-01"
    house.database.ctl("import", "--from", first, switched(tmp_path))
    house.database.ctl("calendar", "open", first, "--form", "primary.daily", "--opens", "now-1h", "--due", "now+40d", "--closes", "now+50d")
    house.database.ctl("calendar", "open", month(1), "--form", "primary.monthly")
    house.database.ctl("calendar", "set", month(1), "--form", "primary.monthly", "--opens", "now-1h")
    new = figures.Catalogue.of(house.database)
    number = old.number("electricity_consumption")
    assert new.number("electricity_consumption") == number
    school, _ = house.enrolled("primary")
    monthly = {**figures.lawful(old, "primary.monthly", "switch"), number: 12345}
    daily = {**figures.lawful(new, "primary.daily", "switch"), number: 678}
    with house.greeted(school) as session:
        accepted = session.submit(house.envelope(school, house.statement(school, monthly, catalogue=old.hash)))
        assert accepted.HasField("receipt"), accepted
        of_day = house.envelope(school, house.statement(school, daily, form="primary.daily", period=first, catalogue=new.hash))
        wait_for("the collector to know the day", lambda: session.submit(of_day).HasField("receipt"))
        after = session.submit(house.envelope(school, house.statement(school, monthly, period=month(1), catalogue=new.hash)))
        assert pb.INDICATOR_NOT_IN_FORM in [f.code for f in after.reject.finding], "the month after no longer asks it"
    assert house.booked(school)[number] == (12345, 0) and house.booked(school, first, "daily")[number] == (678, 0)
    house.assert_books_agree()
    assert [(period, str(value)) for period, value in house.database.rows(
        "SELECT period, value FROM api.district_total WHERE indicator = 'electricity_consumption' AND district = %s ORDER BY first_day",
        school.district)] == [(world.OPEN, "1234.5"), (first, "67.8")]


# ---- what figures forbid ----------------------------------------------------------------------------------------


def figures_of(database, code):
    """As if some school had reported it."""
    database.run("SELECT yuebao.make_partitions('2026-01-01', '2026-01-31')")
    database.run("""INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator)
        SELECT 220203, '2026-01-01', (SELECT min(school) FROM yuebao.school), i.indicator, 1, 1, 0 FROM yuebao.indicator i
        WHERE i.code = %s""", code)


@pytest.mark.parametrize("column, value", [("unit", "persons"), ("decimals", "1"), ("measure", "amount")])
def test_what_old_figures_mean_stays(filled, tmp_path, column, value):
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "largest_class_size", **{column: value}))
    figures_of(filled, "largest_class_size")
    (fault,) = faults(filled, path)
    assert "There are figures already" in fault["problem"] and value in fault["value"]


@pytest.mark.parametrize("column, value", [("unit", "persons"), ("decimals", "1"), ("measure", "amount")])
def test_what_a_period_asks_stays_once_it_has_opened(calm, tmp_path, column, value):
    """Nobody has reported yet; whoever does, does so by the catalogue of the period, and his 30 must not be read as 3.0."""
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "largest_class_size", **{column: value}))
    opens(calm, month(0), "primary.monthly")
    (fault,) = faults(calm, path)
    assert f"primary.monthly {month(0)} has opened" in fault["problem"] and value in fault["value"]
    calm.ctl("calendar", "set", month(0), "--form", "primary.monthly", "--opens", "now+1d")
    calm.ctl("import", path)
    assert governed(calm, "primary.monthly") == {month(0): 2}


def test_how_figures_add_up_changes_only_when_it_is_meant(filled, tmp_path):
    path = plan_file(tmp_path, "indicators.csv", with_row("indicator", "largest_class_size", over_time="mean"))
    figures_of(filled, "largest_class_size")
    (fault,) = faults(filled, path)
    assert fault["column"] == "over_time" and "--restate" in fault["problem"]
    done = filled.ctl("import", path, "--restate", "--json")
    assert ("largest_class_size", "restated", "over_time", "last", "mean") in changed(done)
    assert "totals that were published read otherwise" in done.stderr
    assert filled.value("SELECT detail ->> 'restate' FROM yuebao.audit_log ORDER BY audit_log DESC LIMIT 1") == "true"
    assert "Warning" not in filled.ctl("import", path, "--restate").stderr


# ---- what would change ------------------------------------------------------------------------------------------


def changed(done):
    return [(r["key"], r["change"], r["column"], r["before"], r["after"]) for r in json.loads(done.stdout)]


def test_every_change_is_listed_in_the_words_of_its_file(filled, tmp_path):
    def indicators(rows):
        with_row("indicator", "enrolled_pupils", max="30000", name_en="Pupils on the roll")(rows)
        with_row("indicator", "electricity_consumption", frequency="yearly", required="yes")(rows)
        with_row("indicator", "largest_class_size", reported_by="primary|junior")(rows)
        rows.append(dict(rows[0], indicator="new_one", max="5"))
    plan_file(tmp_path, "indicators.csv", indicators)
    plan_file(tmp_path, "rules.csv", with_row("rule", "classes_within_enrolled", left="classes + new_one", severity="warning"))
    plan_file(tmp_path, "targets.csv", lambda rows: rows.pop(0))
    (tmp_path / "schools.csv").write_text("code,kind,name_zh,district,opened_on,closed_on,valid_from\n"
                                          "0099001,primary,新校,220203,2020-09-01,,\n0099000,primary,改名,220203,2010-09-01,2026-08-31,\n")
    code, kind, district = filled.rows("""SELECT s.code, s.kind, m.district FROM yuebao.school s JOIN yuebao.school_district m USING (school)
                                          WHERE m.district <> 220203 AND s.kind <> 'district' ORDER BY 1 LIMIT 1""")[0]
    with open(tmp_path / "schools.csv", "a") as file:
        file.write(f"{code},{kind},迁址,220203,2010-09-01,,2026-09-01\n")
    filled.run("INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on) VALUES "
               "('0099000', 'I', 'primary', '旧名', 'Old', '2010-09-01')")
    filled.run("INSERT INTO yuebao.school_district SELECT school, '2010-09-01', 220203 FROM yuebao.school WHERE code = '0099000'")
    done = filled.ctl("import", "--dry-run", tmp_path, "--json")
    rows = changed(done)
    first_target = f"{TARGETS[0]['plan']} {TARGETS[0]['indicator']} {TARGETS[0]['district']}"
    for row in [("0099001", "added", None, None, None), ("0099000", "changed", "name_zh", "旧名", "改名"),
                ("0099000", "closed", "closed_on", None, "2026-08-31"), (code, "moved", "district", str(district), "220203"),
                (code, "changed", "valid_from", None, "2026-09-01"), ("new_one", "added", None, None, None),
                ("enrolled_pupils", "changed", "max", "20000", "30000"),
                ("enrolled_pupils", "changed", "name_en", "Pupils enrolled", "Pupils on the roll"),
                ("electricity_consumption", "switched", "frequency", "monthly", "yearly"),
                ("electricity_consumption", "changed", "required", "no", "yes"),
                ("classes_within_enrolled", "changed", "left", "classes", "classes + new_one"),
                ("classes_within_enrolled", "changed", "severity", "error", "warning"),
                ("primary.monthly", "loses", "electricity_consumption", "optional", None),
                ("primary.yearly", "gains", "electricity_consumption", None, "required"),
                ("primary.monthly", "gains", "new_one", None, "required"), ("senior.monthly", "loses", "largest_class_size", "optional", None)]:
        assert row in rows
    assert [r for r in rows if r[1] == "removed"] == [(first_target, "removed", None, None, None)], "one target, whatever its place"
    assert {r["file"] for r in json.loads(done.stdout)} == {"schools.csv", "indicators.csv", "targets.csv", "rules.csv", "catalogue"}
    assert ("yearly", "governs", "period") in [(k, c, column) for k, c, column, *_ in rows]
    assert len(rows) == len(set(rows))
    said = filled.ctl("import", "--dry-run", tmp_path).stdout
    assert "switched" in said and "改频率" in filled.ctl("import", "--dry-run", tmp_path, "--lang", "zh").stdout


def test_a_long_list_is_cut_for_people_only(filled, tmp_path):
    path = tmp_path / "schools.csv"
    path.write_text("code,kind,name_zh,district,opened_on\n" + "".join(f"X{n:03},primary,校,220203,2020-09-01\n" for n in range(50)))
    said = filled.ctl("import", path).stdout
    assert re.search(r"schools.csv +50 +added", said) and said.count("added") == 1
    path.write_text(path.read_text().replace("校", "学校"))
    said = filled.ctl("import", "--dry-run", path).stdout
    assert said.count("name_zh") == 20 and "… and 30 more; --csv lists all." in said
    assert len(filled.ctl("import", "--dry-run", path, "--csv").stdout.splitlines()) == 51


def test_windows_that_go_are_listed(calm, tmp_path):
    opens(calm, "2031-W10", "special.weekly", ago=None)

    def daily(rows):
        for row in rows:
            if row["frequency"] == "weekly":
                row["frequency"] = "daily"
    done = calm.ctl("import", "--dry-run", plan_file(tmp_path, "indicators.csv", daily), "--json")
    assert ("special.weekly 2031-W10", "removed", None, None, None) in changed(done)


# ---- what the files do not name ---------------------------------------------------------------------------------


def test_what_no_file_names_stays_or_goes_as_asked(filled, tmp_path):
    plan_file(tmp_path, "rules.csv", lambda rows: rows.pop(0))
    plan_file(tmp_path, "indicators.csv", lambda rows: rows.remove(next(r for r in rows if r["indicator"] == "electricity_consumption")))
    said = filled.ctl("import", tmp_path).stdout
    assert "1 rule stands in none of these files and stays" in said and "1 indicator stands in none" in said and "Nothing changed" in said
    done = filled.ctl("import", tmp_path, "--remove-missing", "--json")
    assert [r for r in changed(done) if r[1] in ("removed", "retired")] == [
        ("electricity_consumption", "retired", "frequency", "monthly", None), (RULES[0]["rule"], "removed", None, None, None)]
    catalogue = newest(filled)
    (number,) = (i.number for i in catalogue.indicator if i.code == "electricity_consumption")
    assert not any(number in (*f.required, *f.optional) for f in catalogue.form)
    assert RULES[0]["rule"] not in {r.code for r in catalogue.rule}
    assert "Nothing changed" in filled.ctl("import", tmp_path, "--remove-missing").stdout
