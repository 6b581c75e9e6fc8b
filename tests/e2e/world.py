"""A small country for the tests: districts, schools, one open calendar; and a running house that serves it."""

import csv
import datetime
import json
import random
from dataclasses import dataclass

import contract
import figures
from house import BUILD, ROOT, Collector, Desk

TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()


@dataclass(frozen=True)
class School:
    code: str
    institution: str
    kind: str
    district: int
    name_zh: str
    name_en: str


def made_up_schools():
    """250 schools of every kind in five places, the same at every run; codes with leading zeros; some teach two stages."""
    dice = random.Random(20261031)
    places = [220203] * 5 + [220200, 341881, 410482, 619900]
    schools = []
    for n in range(230):
        kind = dice.choice(["kindergarten", "primary", "primary", "primary", "junior", "junior", "senior", "vocational", "special"])
        place, code = dice.choice(places), f"00{n:05d}"
        schools.append(School(code, code, kind, place, f"第{n}学校", f"School {n}"))
        if kind == "primary" and n % 10 == 0:
            schools.append(School(code + "-J", code, "junior", place, f"第{n}学校(初中部)", f"School {n}, junior stage"))
    for place in (220203, 220200, 341881, 410482, 619900):
        schools.append(School(f"B{place}", f"B{place}", "district", place, f"{place}教育局", f"Bureau of {place}"))
    return schools


def fill(database, where):
    """The plans and their districts, the made-up schools, an open calendar."""
    path = where / "schools.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "institution", "kind", "name_zh", "name_en", "district", "opened_on", "closed_on"])
        for s in made_up_schools():
            writer.writerow([s.code, s.institution, s.kind, s.name_zh, s.name_en, s.district, "2010-09-01", ""])
    database.ctl("import", ROOT / "sql" / "plans", path)
    open_calendar(database)


# ---- periods, as Python's calendar has them --------------------------------------------------------------------


def month(back):
    """The month so many months before this one, "2026-10"."""
    index = TODAY.year * 12 + TODAY.month - 1 - back
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def period_of(frequency, day):
    if frequency == "daily":
        return day.isoformat()
    if frequency == "weekly":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if frequency == "monthly":
        return f"{day.year}-{day.month:02d}"
    if frequency == "quarterly":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if frequency == "termly":
        if 2 <= day.month <= 7:
            return f"{day.year}-S1"
        return f"{day.year if day.month >= 8 else day.year - 1}-S2"
    return str(day.year)


def first_day(period):
    if "W" in period:
        return datetime.date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
    if "Q" in period:
        return datetime.date(int(period[:4]), int(period[-1]) * 3 - 2, 1)
    if "S" in period:
        return datetime.date(int(period[:4]), 2 if period[-1] == "1" else 8, 1)
    return datetime.date.fromisoformat((period + "-01-01")[:10] if len(period) == 4 else (period + "-01")[:10])


OPEN, LATE, CLOSED, FUTURE = month(1), month(2), month(4), month(-1)
FREQUENCIES = ["daily", "weekly", "quarterly", "termly", "yearly"]


def open_calendar(database):
    """By SQL, for tests want windows that no administrator would ask for."""
    hour = datetime.timedelta(hours=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    windows = [("monthly", OPEN, -240, 240, 480), ("monthly", LATE, -1000, -1, 480), ("monthly", CLOSED, -2000, -100, -1),
               ("monthly", FUTURE, 100, 200, 300)]
    windows += [(f, period_of(f, TODAY - datetime.timedelta(days=20)), -240, 240, 480) for f in FREQUENCIES]
    for frequency, period, opens, due, closes in windows:
        database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                        SELECT form, %s, %s, %s, %s, (SELECT max(catalogue) FROM yuebao.catalogue)
                        FROM yuebao.form WHERE frequency = %s""",
                     first_day(period), now + opens * hour, now + due * hour, now + closes * hour, frequency)


# ---- a world: one database with one collector ------------------------------------------------------------------


class World:
    def __init__(self, where, database, authority, **settings):
        self.where, self.database, self.authority = where, database, authority
        self.catalogue = figures.Catalogue.of(database)
        self.schools = made_up_schools()
        self.by_code = {s.code: s for s in self.schools}
        self.keys = {}
        self._codes = {}
        self.collector = Collector(where, database, authority, **settings)

    # -- people --

    def fresh(self, kind="primary", district=None):
        """A school of that kind that no test has used yet in this world."""
        for school in self.schools:
            if (school.kind == kind and (district is None or school.district == district)
                    and school.code not in self._codes and school.institution == school.code):
                return school
        raise AssertionError(f"no more fresh schools of kind {kind}")

    def one_time_codes(self, *codes):
        """What an administrator hands to each school."""
        done = self.database.ctl("enrol", *codes, "--json")
        made = {row["school"]: row["code"] for row in json.loads(done.stdout)}
        assert set(made) == set(codes)
        self._codes.update(made)
        return made

    def session(self, **kw):
        return contract.Session(self.collector.address, self.authority.ca, **kw)

    def opened(self, opening, **kw):
        return contract.Session.opened(self.collector.address, self.authority.ca, opening, **kw)

    def enrol(self, school):
        """A key for the school, enrolled over the wire."""
        key = contract.Key()
        (code,) = self.one_time_codes(school.code).values()
        self.opened(lambda session: session.enrol(school.code, code, key)).close()
        self.keys[school.code] = key
        return key

    def enrolled(self, kind="primary", district=None):
        school = self.fresh(kind, district)
        return school, self.enrol(school)

    def greeted(self, school, **kw):
        return self.opened(lambda session: session.hello(school.code, self.keys[school.code]), **kw)

    def desk(self, school, enrol=True, build=BUILD):
        desk = Desk(self.where, self.collector, school.code, build=build)
        if enrol:
            (code,) = self.one_time_codes(school.code).values()
            desk.enrol(code)
        return desk

    # -- statements --

    def lawful(self, school, frequency="monthly", seed=0, optional=0.3):
        return figures.lawful(self.catalogue, f"{school.kind}.{frequency}", f"{school.code}/{seed}", optional)

    def statement(self, school, figures_, *, frequency="monthly", period=OPEN, **kw):
        fields = dict(school=school.code, form=f"{school.kind}.{frequency}", period=period, catalogue=self.catalogue.hash)
        for name in list(fields):
            if name in kw:
                fields[name] = kw.pop(name)
        return contract.statement(figures=figures_, **fields, **kw)

    def envelope(self, school, statement, key=None, **spoil):
        return contract.envelope(key or self.keys[school.code], statement, **spoil)

    # -- the books --

    def booked(self, school, period=OPEN, frequency="monthly"):
        """number -> (value, denominator) of the current figures of one slot."""
        return {n: (v, d or 0) for n, v, d in self.database.rows(
            """SELECT f.indicator, f.value, f.denominator FROM yuebao.figure f JOIN yuebao.school s USING (school)
               JOIN yuebao.form USING (form)
               WHERE s.code = %s AND f.period = %s AND form.frequency = %s AND f.value IS NOT NULL""",
            school.code, first_day(period), frequency)}

    def revisions(self, school, period=OPEN):
        return [(r, bytes(i)) for r, i in self.database.rows(
            """SELECT r.revision, r.id FROM yuebao.report r JOIN yuebao.school s USING (school)
               WHERE s.code = %s AND r.period = %s ORDER BY 1""", school.code, first_day(period))]

    def totals(self):
        """(district, form, first day, number) -> [schools, value, denominator], folded and not yet folded, without empty ones."""
        return self._cells("""
            SELECT district, code, period, indicator, sum(schools), sum(value), sum(denominator) FROM (
                SELECT district, form, period, indicator, schools, value, denominator FROM yuebao.total_folded
                UNION ALL
                SELECT d.district, d.form, d.period, u.* FROM yuebao.total_delta d CROSS JOIN LATERAL
                    unnest(d.indicator, d.schools, d.value, d.denominator) u) AS parts JOIN yuebao.form USING (form)
            GROUP BY 1, 2, 3, 4""")

    def sums_of_figures(self):
        return self._cells("""
            SELECT f.district, form.code, f.period, f.indicator, count(*), sum(f.value), sum(coalesce(f.denominator, 0))
            FROM yuebao.figure f JOIN yuebao.form USING (form) WHERE f.value IS NOT NULL GROUP BY 1, 2, 3, 4
            UNION ALL -- the reports themselves, under 0
            SELECT r.district, form.code, r.period, 0, count(*) FILTER (WHERE r.revision = 1), count(*) FILTER (WHERE r.revision = 2),
                   count(*) FILTER (WHERE r.admitted)
            FROM yuebao.report r JOIN yuebao.form USING (form) GROUP BY 1, 2, 3""")

    def _cells(self, sql):
        return {tuple(row[:4]): [int(x) for x in row[4:]] for row in self.database.rows(sql) if row[4]}

    def assert_books_agree(self):
        """The totals are the sums of the figures, and the figures are those of each slot's newest accepted statement."""
        assert self.totals() == self.sums_of_figures()
        newest = {}
        for code, form, period, revision, env in self.database.rows(
                """SELECT s.code, f.code, r.period, r.revision, r.envelope FROM yuebao.report r
                   JOIN yuebao.school s USING (school) JOIN yuebao.form f USING (form) ORDER BY r.revision"""):
            newest[code, form, period] = contract.pb.Statement.FromString(
                contract.pb.Envelope.FromString(bytes(env)).statement)
        told = {(*slot, n): (v, d) for slot, s in newest.items()
                for n, v, d in zip(s.indicator, s.value, s.denominator)}
        booked = {(code, form, period, n): (v, d or 0) for code, form, period, n, v, d in self.database.rows(
            """SELECT s.code, fo.code, f.period, f.indicator, f.value, f.denominator FROM yuebao.figure f
               JOIN yuebao.school s USING (school) JOIN yuebao.form fo USING (form) WHERE f.value IS NOT NULL""")}
        assert booked == told

    def close(self):
        self.collector.stop()
        self.database.drop()
