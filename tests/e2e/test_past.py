"""Reports that a collector accepted, from a client that warned of nothing: yuebaoctl breaches and outliers list what they say
against the period before and against the school's own past."""

import csv
import datetime
import io
import json

import pytest

import contract
from contract import pb
from house import wait_for
from world import OPEN, TODAY, first_day, month

RULE = "hazards_carried_over_is_open_before"
DAY = [(TODAY - datetime.timedelta(days=n)).isoformat() for n in (20, 19)]  # the first is in the world's calendar
MONTHS = [month(n) for n in (9, 8, 7, 6)]


@pytest.fixture(scope="module", autouse=True)
def windows(world):
    for frequency, period in [("daily", DAY[1]), *(("monthly", m) for m in MONTHS)]:
        world.database.run(
            """INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
               SELECT form, %s, now() - interval '9 h', now() + interval '9 h', now() + interval '99 h',
                      (SELECT max(catalogue) FROM yuebao.catalogue)
               FROM yuebao.form WHERE frequency = %s AND name = '' ON CONFLICT DO NOTHING""", first_day(period), frequency)


def accept(world, school, figures, **kw):
    statement = world.statement(school, figures, **kw)

    def receipted():
        with world.greeted(school) as session:
            verdict = session.submit(world.envelope(school, statement))
        codes = [f.code for f in verdict.reject.finding]
        assert verdict.HasField("receipt") or codes == [pb.PERIOD_NOT_IN_CALENDAR], verdict
        return verdict.HasField("receipt")
    wait_for("the period to be known", receipted)
    return contract.statement_id(statement)


def hazards(world, school, **numbers):
    """Lawful figures of a day with these hazards."""
    figures = world.lawful(school, "daily")
    for name, value in numbers.items():
        figures[world.catalogue.number(f"safety_hazards_{name}")] = value
    return figures


def listed(world, command, school, *options):
    return json.loads(world.database.ctl(command, "--school", school.code, "--json", *options).stdout)


def test_hazards_are_carried_over(world):
    school, _ = world.enrolled()
    accept(world, school, hazards(world, school, carried_over=0, found=3, fixed=0, open=3), frequency="daily", period=DAY[0])
    wrong = hazards(world, school, carried_over=5, found=0, fixed=1, open=4)
    first = accept(world, school, wrong, frequency="daily", period=DAY[1])
    (row,) = listed(world, "breaches", school, "--period", DAY[1], "--district", str(school.district))
    assert (row["rule"], row["severity"], row["left_sum"], row["op"], row["right_sum"]) == (RULE, "warning", "5", "=", "3")
    assert row["form"] == "primary.daily" and row["school_zh"] == school.name_zh and not row["explained"]
    assert listed(world, "breaches", school, "--period", DAY[0]) == []
    assert RULE in [r["rule"] for r in listed(world, "breaches", school)], "unasked, the periods that are open"

    def explain(statement):
        statement.explanation.add(indicator=world.catalogue.number("safety_hazards_carried_over"), text="两处由街道移交")
    second = accept(world, school, wrong, frequency="daily", period=DAY[1], revision=2, previous=first, edit=explain)
    (row,) = listed(world, "breaches", school, "--period", DAY[1])
    assert row["explained"] and row["explanation"] == "两处由街道移交"

    accept(world, school, hazards(world, school, carried_over=3, found=0, fixed=1, open=2), frequency="daily", period=DAY[1],
           revision=3, previous=second)
    assert listed(world, "breaches", school, "--period", DAY[1]) == []


def test_a_jump_is_listed(world):
    school, _ = world.enrolled()
    number = next(n for n in world.catalogue.unruled("primary.monthly")
                  if world.catalogue.indicators[n].measure == pb.COUNT and world.catalogue.indicators[n].max.scaled >= 1000)
    indicator = world.catalogue.indicators[number]
    figures = world.lawful(school)
    for period in MONTHS:
        accept(world, school, figures | {number: 100}, period=period)
    accept(world, school, figures | {number: 111}, period=OPEN)
    (row,) = listed(world, "outliers", school, "--period", OPEN)
    assert (row["indicator"], row["value"], row["usual"], row["low"], row["high"]) == (indicator.code, "111", "100", "90", "110")
    assert (row["compared_with"], row["compared"], row["explained"]) == ("periods", 4, False)

    table = world.database.ctl("outliers", "--school", school.code, "--period", OPEN, "--lang", "zh").stdout
    assert "90 ~ 110" in table and "此前 4 期" in table and indicator.name_zh[:6] in table
    rows = list(csv.DictReader(io.StringIO(world.database.ctl("outliers", "--school", school.code, "--csv").stdout.lstrip("\ufeff"))))
    assert [r["indicator"] for r in rows if r["period"] == OPEN] == [indicator.code]
    assert listed(world, "outliers", school, "--period", MONTHS[-1]) == [], "three months before are too few"


@pytest.mark.parametrize("command", ["breaches", "outliers"])
def test_what_does_not_exist_is_not_nothing(world, command):
    school, _ = world.enrolled()
    assert world.database.ctl(command, "--school", school.code).stdout.count("\n") == 1, "a sentence"
    for options, status in ((["--school", "nobody"], 65), (["--district", "999999"], 65), (["--period", "1999-01"], 65),
                            (["--form", "primary.hourly"], 64), (["--period", "2026-13"], 64), (["word"], 64)):
        world.database.ctl(command, *options, ok=status)
