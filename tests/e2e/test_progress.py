"""api.progress says what Python computes from the statements that were sent: stocks, flows, means, ratios; county, city, nation."""

import csv
import datetime
from fractions import Fraction

import pytest

import contract
from figures import bound
from house import ROOT, wait_for
from world import first_day

PLANS = [  # plan, its district's own figures and those of districts below it, a year of the plan
    ("longtan-145", {220203}, 2025),
    ("jilin-2016", {220200, 220203}, 2016),
]
HOUR = datetime.timedelta(hours=1)
TOLERANCE = Fraction(2, 10 ** 6)  # shown with six decimals


def table(name):
    with open(ROOT / "sql" / "plans" / name, encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


class Story:
    """What was sent for one plan: [(school, month, figures)]. The first month is closed once everything is there; the others stay
    open, and not every school reports the last."""

    def __init__(self, world, plan, places, year):
        self.world, self.plan, self.places = world, plan, places
        self.months = [f"{year}-10", f"{year}-11", f"{year}-12"]
        self.closed = self.months[0]
        self.reports = []

    def of(self, month):
        return [r for r in self.reports if r[1] == month]

    def forms(self, indicator):
        return [f for f in self.world.catalogue.message.form
                if f.frequency == "monthly" and indicator.number in [*f.required, *f.optional]]

    def owing(self, indicator):
        """The schools that are asked for the indicator every month."""
        kinds = {f.kind for f in self.forms(indicator)}
        return {s.code for s in self.world.schools if s.district in self.places and s.kind in kinds}

    def settled(self, indicator, month):
        """Closed, or reported by every school that owes it."""
        return month == self.closed or self.owing(indicator) <= {s.code for s, _, _ in self.of(month)}

    def expected_now(self, indicator):
        """(now, schools behind it, the period of a stock) by the definition in the issue."""
        by_month = {m: figure_of(indicator, self.of(m)) for m in self.months}
        if indicator.over_time in (contract.pb.TIME_LAST, contract.pb.TIME_FIRST):
            newest = [m for m in self.months if self.settled(indicator, m)][-1]
            return (*by_month[newest], newest)
        known = [f for f, _ in by_month.values() if f is not None]
        schools = sum(n for _, n in by_month.values())
        if not known:
            return None, schools, None
        total = sum(known, Fraction(0))
        return (total if indicator.over_time == contract.pb.TIME_SUM else total / len(known)), schools, None

    def send(self, schools):
        now = datetime.datetime.now(datetime.timezone.utc)
        for month in self.months:
            self.world.database.run(
                """INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                   SELECT form, %s, %s, %s, %s, (SELECT max(catalogue) FROM yuebao.catalogue)
                   FROM yuebao.form WHERE frequency = 'monthly'""",
                first_day(month), now - 9 * HOUR, now + 9 * HOUR, now + 99 * HOUR)
        for index, school in enumerate(schools):
            with self.world.greeted(school) as session:
                for month in self.months[:2 if index % 3 == 0 else 3]:
                    self.report(session, school, month, corrected=index == 4 and month == self.closed)
        self.world.database.run(
            "UPDATE yuebao.calendar SET due_at = opens_at + interval '1 s', closes_at = now() WHERE period = %s",
            first_day(self.closed))

    def report(self, session, school, month, corrected):
        figures = self.world.lawful(school, seed=month, optional=0.8)
        first = self.world.statement(school, figures, period=month)
        self.submit(session, school, first)
        if corrected:  # it counts instead of what it corrects
            figures = self.world.lawful(school, seed="corrected", optional=0.8)
            self.submit(session, school, self.world.statement(school, figures, period=month, revision=2,
                                                              previous=contract.statement_id(first)))
        self.reports.append((school, month, figures))

    def submit(self, session, school, statement):
        """Until the collector has seen the new calendar, the period is in none."""
        def receipted():
            verdict = session.submit(self.world.envelope(school, statement))
            codes = [f.code for f in verdict.reject.finding]
            assert verdict.HasField("receipt") or codes == [contract.pb.PERIOD_NOT_IN_CALENDAR], verdict
            return verdict.HasField("receipt")
        wait_for("the period to be known", receipted)


@pytest.fixture(scope="module")
def schools(world):
    """Some of every kind in Longtan, its bureau, and some directly under Jilin city, which contains Longtan."""
    chosen = []
    for kind, count in (("kindergarten", 3), ("primary", 6), ("junior", 4), ("senior", 2), ("special", 1), ("vocational", 1)):
        chosen += [world.enrolled(kind, 220203)[0] for _ in range(count)]
    chosen += [world.enrolled("primary", 220200)[0] for _ in range(2)]
    for code in ("B220203", "B220200"):
        world.enrol(world.by_code[code])
        chosen.append(world.by_code[code])
    return chosen


@pytest.fixture(scope="module", params=PLANS, ids=[p[0] for p in PLANS])
def story(request, world, schools):
    story = Story(world, *request.param)
    story.send([s for s in schools if s.district in story.places])
    return story


def figure_of(indicator, reports):
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


def close_to(a, b):
    return (a is None and b is None) or (a is not None and b is not None and abs(Fraction(a) - b) <= TOLERANCE)


def test_now_of_every_target(world, story):
    rows = world.database.rows("""SELECT indicator, "now", schools, now_period, over_time FROM api.progress
                                  WHERE plan = %s ORDER BY "position" """, story.plan)
    assert len(rows) == len([t for t in table("targets.csv") if t["plan"] == story.plan])
    seen = 0
    for code, now, schools, period, over_time in rows:
        indicator = world.catalogue.by_code[code]
        if not story.forms(indicator):
            continue
        want, n, of = story.expected_now(indicator)
        assert close_to(now, want), (code, now, float(want) if want is not None else None)
        if want is not None:
            seen += 1
            assert schools == n, code
            assert over_time not in ("last", "first") or period == of, code
    assert seen >= 10, "enough targets have figures to make this a test"


def test_gap_and_judgement_follow_from_now(world, story):
    rows = world.database.rows(
        """SELECT indicator, direction, goal, "now", gap, reached, status, progress FROM api.progress WHERE plan = %s""",
        story.plan)
    judged = 0
    for code, direction, goal, now, gap, reached, status, progress in rows:
        if now is None or goal is None or direction == "equal":
            continue
        judged += 1
        up = direction in ("at_least", "increase_by")
        # "now" is shown rounded: at the very goal the judgement is by the exact value
        if abs(Fraction(now) - Fraction(goal)) > TOLERANCE:
            assert reached == ((now >= goal) if up else (now <= goal)), code
        assert status == "met" if reached else status != "met", (code, status)
        assert close_to(gap, Fraction(0) if reached else abs(Fraction(goal) - Fraction(now))), code
        assert 0 <= progress <= 1 and (progress == 1 or not reached)
    assert judged >= 8


def test_open_periods_stand_beside_labelled(world, story):
    rows = world.database.rows(
        """SELECT indicator, open_period, open_value, open_schools, open_reported, open_expected FROM api.progress
           WHERE plan = %s AND over_time = 'last'""", story.plan)
    seen = 0
    for code, period, value, schools, reported, expected in rows:
        indicator = world.catalogue.by_code[code]
        if not story.forms(indicator):
            continue
        newest = story.expected_now(indicator)[2]
        later = [m for m in story.months if m > newest and figure_of(indicator, story.of(m))[1]]
        if not later:
            continue
        want, n = figure_of(indicator, story.of(later[-1]))
        asked = story.owing(indicator)
        assert period == later[-1] and close_to(value, want) and schools == n, code
        assert reported == len([r for r in story.of(period) if r[0].code in asked]), code
        assert expected == len(asked), code
        seen += 1
    assert seen >= 2


def test_a_districts_totals_hold_those_below_it(world, story):
    """api.district_total of the plan's district: its own schools and those of districts below it."""
    place = min(story.places)
    for code in ("enrolled_pupils", "full_time_teachers", "safety_accidents"):
        indicator = world.catalogue.by_code[code]
        total = world.database.value(
            "SELECT sum(value) FROM api.district_total WHERE district = %s AND indicator = %s AND period = %s",
            place, code, story.closed)
        want, _ = figure_of(indicator, story.of(story.closed))
        assert Fraction(total) == want


def test_totals_are_the_sums_of_figures_before_and_after_folding(world, story):
    world.assert_books_agree()
    world.database.run("SELECT yuebao.fold_totals(100000)")
    world.assert_books_agree()


def test_who_is_missing(world, story):
    """Nobody who reported is missing; everyone else of the open month is."""
    month = story.months[2]
    listed = {r[0] for r in world.database.rows(
        "SELECT school FROM api.missing WHERE period = %s AND district = ANY (%s)", month, list(story.places))}
    reported = {s.code for s, _, _ in story.of(month)}
    assert reported
    assert listed == {s.code for s in world.schools if s.district in story.places} - reported


def test_figures_read_back_in_the_units_of_the_catalogue(world, story):
    """The scaled integers of the statements are the decimals that people see."""
    for school, month, figures in story.reports[:6]:
        shown = {c: (v, d) for c, v, d in world.database.rows(
            "SELECT indicator, value, denominator FROM api.figure WHERE school = %s AND period = %s", school.code, month)}
        for number, figure in figures.items():
            indicator = world.catalogue.indicators[number]
            value, denominator = figure if isinstance(figure, tuple) else (figure, None)
            got = shown[indicator.code]
            assert Fraction(got[0]) == Fraction(value, 10 ** indicator.decimals)
            if denominator is not None:
                assert Fraction(got[1]) == Fraction(denominator, 10 ** indicator.denominator_decimals)
            else:
                assert bound(indicator.min) <= Fraction(got[0]) <= bound(indicator.max)
