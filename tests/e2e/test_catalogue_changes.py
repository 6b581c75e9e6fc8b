"""What an import may change, from when on, and what it says about it; what the past forbids."""

import csv
import io
import json
import re

import pytest

from contract import pb
from house import ROOT


@pytest.fixture
def filled(cluster, template, request):
    """A database of one's own with the plans, schools and an open calendar."""
    database = cluster.create(re.sub(r"\W", "_", request.node.name)[:60], template.name)
    yield database
    database.drop()


def plan_file(tmp_path, name, change=lambda rows: None):
    """A file of sql/plans after `change` was done to its rows."""
    with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
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
