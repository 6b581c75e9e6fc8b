"""api.progress says what Python computes from the statements that were sent: stocks, flows, means, ratios; county, city, nation."""

import csv
import datetime
from fractions import Fraction

import pytest

import contract
from figures import bound
from house import ROOT
from world import first_day

PLAN, YEAR = "longtan-145", 2025
MONTHS = [f"{YEAR}-10", f"{YEAR}-11", f"{YEAR}-12"]
SETTLED = MONTHS[0]  # closed once everything is sent; the others stay open, and not every school reports
HOUR = datetime.timedelta(hours=1)


def table(name):
    with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sent(world):
    """[(school, month, figures)] of what was accepted, for places of two plans that lie in each other."""
    now = datetime.datetime.now(datetime.timezone.utc)
    for month in MONTHS:
        world.database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                              SELECT form, %s, %s, %s, %s, (SELECT max(catalogue) FROM yuebao.catalogue)
                              FROM yuebao.form WHERE frequency = 'monthly'""",
                           first_day(month), now - 9 * HOUR, now + 9 * HOUR, now + 99 * HOUR)
    chosen = []
    for kind, count in (("kindergarten", 3), ("primary", 6), ("junior", 4), ("senior", 2), ("special", 1), ("vocational", 1)):
        chosen += [world.enrolled(kind, 220203)[0] for _ in range(count)]
    chosen += [world.enrolled("primary", 220200)[0] for _ in range(2)]
    bureau = world.by_code["B220203"]
    world.enrol(bureau)
    chosen.append(bureau)
    reports = []
    for index, school in enumerate(chosen):
        with world.greeted(school) as session:
            for step, month in enumerate(MONTHS):
                if step == 2 and index % 3 == 0:
                    continue  # has not reported yet
                figures = world.lawful(school, seed=month)
                statement = world.statement(school, figures, period=month)
                assert session.submit(world.envelope(school, statement)).HasField("receipt")
                if index == 4 and month == SETTLED:  # a correction counts instead of what it corrects
                    figures = world.lawful(school, seed="corrected")
                    second = world.statement(school, figures, period=month, revision=2,
                                             previous=contract.statement_id(statement))
                    assert session.submit(world.envelope(school, second)).HasField("receipt")
                reports.append((school, month, figures))
    world.database.run("UPDATE yuebao.calendar SET due_at = opens_at + interval '1 s', closes_at = now() WHERE period = %s",
                       first_day(SETTLED))
    return reports


def figure_of(world, indicator, reports):
    """One period's figure over these reports, and how many of them have it."""
    cells = [f[indicator.number] for _, _, f in reports if indicator.number in f]
    if not cells:
        return None, 0
    unit, denominator_unit = 10 ** indicator.decimals, 10 ** indicator.denominator_decimals
    rule = indicator.over_schools
    if rule == contract.pb.SCHOOLS_RATIO_OF_SUMS:
        below = Fraction(sum(d for _, d in cells), denominator_unit)
        return (Fraction(sum(v for v, _ in cells), unit) / below if below else None), len(cells)
    if rule == contract.pb.SCHOOLS_SUM:
        return Fraction(sum(cells), unit), len(cells)
    if rule == contract.pb.SCHOOLS_MEAN:
        return Fraction(sum(cells), unit) / len(cells), len(cells)
    return Fraction(max(cells), unit), len(cells)


def owing(world, indicator, place=220203):
    """The schools that are asked for the indicator every month."""
    kinds = {f.kind for f in monthly(world, indicator)}
    return {s.code for s in world.schools if s.district == place and s.kind in kinds}


def settled(world, indicator, reports, month):
    """Closed, or reported by every school that owes it."""
    there = {s.code for s, m, _ in reports if m == month}
    return month == SETTLED or owing(world, indicator) <= there


def expected_now(world, indicator, reports):
    """(now, schools behind it, the period of a stock) by the definition in the issue."""
    by_month = {m: figure_of(world, indicator, [r for r in reports if r[1] == m]) for m in MONTHS}
    if indicator.over_time in (contract.pb.TIME_LAST, contract.pb.TIME_FIRST):
        newest = [m for m in MONTHS if settled(world, indicator, reports, m)][-1]
        return (*by_month[newest], newest)
    known = [by_month[m] for m in MONTHS if by_month[m][0] is not None]
    if not known:
        return None, sum(n for _, n in by_month.values()), None
    total = sum((f for f, _ in known), Fraction(0))
    return (total if indicator.over_time == contract.pb.TIME_SUM else total / len(known)), sum(n for _, n in by_month.values()), None


def monthly(world, indicator):
    return [f for f in world.catalogue.message.form
            if f.frequency == "monthly" and indicator.number in [*f.required, *f.optional]]


def close_to(a, b):
    return (a is None and b is None) or (a is not None and b is not None and abs(Fraction(a) - b) <= Fraction(1, 10 ** 4))


def test_now_of_every_target(world, sent):
    rows = world.database.rows("""SELECT indicator, "now", schools, now_period, over_time FROM api.progress
                                  WHERE plan = %s ORDER BY "position" """, PLAN)
    assert len(rows) == len([t for t in table("targets.csv") if t["plan"] == PLAN])
    inside = [r for r in sent if r[0].district == 220203]
    seen = 0
    for code, now, schools, period, over_time in rows:
        indicator = world.catalogue.by_code[code]
        if not monthly(world, indicator):
            continue
        want, n, of = expected_now(world, indicator, inside)
        assert close_to(now, want), (code, now, float(want) if want is not None else None)
        if want is not None:
            seen += 1
            assert schools == n, code
            assert over_time not in ("last", "first") or period == of, code
    assert seen >= 15, "enough targets have figures to make this a test"


def test_gap_and_judgement_follow_from_now(world, sent):
    rows = world.database.rows(
        """SELECT indicator, direction, goal, "now", gap, reached, status, progress FROM api.progress WHERE plan = %s""", PLAN)
    judged = 0
    for code, direction, goal, now, gap, reached, status, progress in rows:
        if now is None or goal is None or direction == "equal":
            continue
        judged += 1
        up = direction in ("at_least", "increase_by")
        # "now" is shown rounded: at the very goal the judgement is by the exact value
        if abs(Fraction(now) - Fraction(goal)) > Fraction(1, 10 ** 4):
            assert reached == ((now >= goal) if up else (now <= goal)), code
        assert (status == "reached") == reached
        assert close_to(gap, Fraction(0) if reached else abs(Fraction(goal) - Fraction(now))), code
        assert 0 <= progress <= 1 and (progress == 1 or not reached)
    assert judged >= 10


def test_open_periods_stand_beside_labelled(world, sent):
    rows = world.database.rows(
        """SELECT indicator, open_period, open_value, open_schools, open_reported, open_expected FROM api.progress
           WHERE plan = %s AND over_time = 'last'""", PLAN)
    inside = [r for r in sent if r[0].district == 220203]
    seen = 0
    for code, period, value, schools, reported, expected in rows:
        indicator = world.catalogue.by_code[code]
        if not monthly(world, indicator):
            continue
        newest = expected_now(world, indicator, inside)[2]
        with_it = [m for m in MONTHS if m > newest and figure_of(world, indicator, [r for r in inside if r[1] == m])[1]]
        if not with_it:
            continue
        want, n = figure_of(world, indicator, [r for r in inside if r[1] == with_it[-1]])
        asked = owing(world, indicator)
        assert period == with_it[-1] and close_to(value, want) and schools == n, code
        assert reported == len([r for r in inside if r[1] == period and r[0].code in asked]), code
        assert expected == len(asked), code
        seen += 1
    assert seen >= 5


def test_a_county_counts_in_its_city(world, sent):
    """Totals of Jilin city hold Longtan's schools and its own."""
    for code in ("enrolled_pupils", "full_time_teachers", "safety_accidents"):
        indicator = world.catalogue.by_code[code]
        total = world.database.rows(
            """SELECT sum(f.value) FROM api.figure f JOIN yuebao.district_ancestor a ON a.district = f.district
               WHERE a.ancestor = 220200 AND f.indicator = %s AND f.period = %s""", code, SETTLED)[0][0]
        want, _ = figure_of(world, indicator, [r for r in sent if r[1] == SETTLED])
        assert Fraction(total) == want


def test_the_view_of_totals_is_the_sum_of_figures(world, sent):
    world.assert_books_agree()
    world.database.run("SELECT yuebao.fold_totals(100000)")
    world.assert_books_agree()


def test_who_is_missing(world, sent):
    """Nobody who reported is missing; everyone else of the open month is."""
    month = MONTHS[2]
    listed = {r[0] for r in world.database.rows(
        "SELECT school FROM api.missing WHERE period = %s AND district = 220203", month)}
    reported = {s.code for s, m, _ in sent if m == month}
    all_of_place = {s.code for s in world.schools if s.district == 220203}
    assert listed == all_of_place - reported


def test_bounds_are_in_the_units_of_the_catalogue(world, sent):
    """The scaled integers of the statements read back as the decimals that people see."""
    for school, month, figures in sent[:6]:
        shown = {c: (v, d) for c, v, d in world.database.rows(
            "SELECT indicator, value, denominator FROM api.figure WHERE school = %s AND period = %s", school.code, month)}
        for number, figure in figures.items():
            indicator = world.catalogue.indicators[number]
            value, denominator = figure if isinstance(figure, tuple) else (figure, None)
            got = shown[indicator.code]
            assert Fraction(got[0]) == Fraction(value, 10 ** indicator.decimals)
            if denominator is not None:
                assert Fraction(got[1]) == Fraction(denominator, 10 ** indicator.denominator_decimals)
            elif indicator.measure != contract.pb.RATIO:
                assert bound(indicator.min) <= Fraction(got[0]) <= bound(indicator.max)
