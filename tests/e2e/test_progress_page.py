"""Every number of a printed progress page, computed anew from the CSV files that two clerks filed: now, gap, what is required a month,
the projection and its interval, the state. By the definitions in sql/api/48 to 50, in exact fractions."""

import csv
import datetime
import json
import re
import unicodedata
from fractions import Fraction
from math import floor, sqrt

import pytest

import contract
from clerk import NAMES
from figures import bound
from sheet import Sheet
from world import first_day

YEAR, DISTRICT, PLAN = 2020, 410482, "page-2020"
AS_OF = datetime.date(YEAR, 9, 20)
DUE = datetime.date(YEAR, 12, 31)
SETTLED = [f"{YEAR}-{m:02d}" for m in range(1, 9)]
OPEN = f"{YEAR}-09"
REST = [f"{YEAR}-{m:02d}" for m in range(9, 13)]
EARLIER = [[f"{y}{m[4:]}" for m in REST] for y in (YEAR - 1, YEAR - 2)]
MONTHS = EARLIER[1] + EARLIER[0] + SETTLED + [OPEN]
HOUR = datetime.timedelta(hours=1)


# ---- filed -----------------------------------------------------------------------------------------------------


class Filed:
    """The files of two clerks, as they lie on their disks."""

    def __init__(self, world):
        self.world, self.files = world, {}
        self.open_windows()
        world.collector.wait_register()  # of all the months, not of the first ones
        for months in (MONTHS, MONTHS[:-1]):  # the open month, from the first school alone
            self.file_all(world.fresh("primary", DISTRICT), months)
        self.close_windows()

    def open_windows(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        for month in MONTHS:
            self.world.database.run(
                """INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                   SELECT form, %s, %s, %s, %s, (SELECT max(catalogue) FROM yuebao.catalogue)
                   FROM yuebao.form WHERE code = 'primary.monthly'""", first_day(month), now - HOUR, now + HOUR, now + 2 * HOUR)

    def close_windows(self):
        self.world.database.run(
            """UPDATE yuebao.calendar AS c SET opens_at = c.period::timestamp AT TIME ZONE 'Asia/Shanghai',
                   due_at = (c.period + 35)::timestamp AT TIME ZONE 'Asia/Shanghai',
                   closes_at = (c.period + 40)::timestamp AT TIME ZONE 'Asia/Shanghai'
               FROM yuebao.form AS f WHERE f.form = c.form AND f.code = 'primary.monthly' AND c.period = ANY (%s)""",
            [first_day(m) for m in MONTHS])

    def file_all(self, school, months):
        desk = self.world.desk(school)
        for month in months:
            path = desk.home / f"{month}.csv"
            desk("template", month, "-o", path)
            Sheet(path).fill(self.world.catalogue, self.world.lawful(school, seed=month, optional=1)).save(path)
            desk("submit", path, *NAMES)
            self.files.setdefault(month, []).append(path)

    def cells(self, month, code):
        """(value, denominator) of every file of the month."""
        found = []
        for path in self.files.get(month, []):
            with open(path, encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    if row["指标代码"] == code and row["数值（分子）"]:
                        found.append((Fraction(row["数值（分子）"]), Fraction(row["分母"] or 0)))
        return found

    def figure(self, month, indicator):
        cells = self.cells(month, indicator.code)
        if not cells:
            return None
        value, below = sum(v for v, _ in cells), sum(d for _, d in cells)
        rule = indicator.over_schools
        if rule == contract.pb.SCHOOLS_RATIO_OF_SUMS:
            return value / below if below else None
        if rule == contract.pb.SCHOOLS_MEAN:
            return value / len(cells)
        return max(v for v, _ in cells) if rule == contract.pb.SCHOOLS_MAX else value


# ---- computed --------------------------------------------------------------------------------------------------


def last_day(month):
    first = first_day(month)
    return (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def slopes(points):
    """(low, median, high), a day: Theil and Sen, by Kendall's ranks at 80%."""
    all_ = sorted((b[1] - a[1]) / (b[0] - a[0]).days for i, a in enumerate(points) for b in points[i + 1:])
    n = len(points)
    rank = max(1, floor((len(all_) - 1.2816 * sqrt(n * (n - 1) * (2 * n + 5) / 18)) / 2))
    return all_[rank - 1], median(all_), all_[-rank]


class Expected:
    def __init__(self, filed, indicator, slots):
        self.indicator = indicator
        self.settled = [filed.figure(m, indicator) for m in SETTLED]
        self.open = filed.figure(OPEN, indicator)
        per_period = slots if indicator.over_schools == contract.pb.SCHOOLS_SUM else 1
        self.least, self.most = bound(indicator.min) * per_period, bound(indicator.max) * per_period
        if indicator.over_time == contract.pb.TIME_SUM:
            self.flow(filed)
        elif indicator.over_time == contract.pb.TIME_MEAN:
            self.mean()
        else:
            self.stock()

    def bounded(self, *values):
        return tuple(min(self.ceiling, max(self.floor, v)) for v in values)

    def stock(self):
        points = [(last_day(m), f) for m, f in zip(SETTLED, self.settled)]
        days = (DUE - points[-1][0]).days
        self.now, self.floor, self.ceiling = self.settled[-1], self.least, self.most
        self.low, self.projection, self.high = self.bounded(*(self.now + s * days for s in slopes(points)))

    def mean(self):
        points = [(last_day(m), f) for m, f in zip(SETTLED, self.settled)]
        days = Fraction(sum((last_day(m) - points[-1][0]).days for m in REST), len(REST))
        total, whole = sum(self.settled), len(SETTLED) + len(REST)
        self.now = (total + self.open) / (len(SETTLED) + 1)
        self.floor, self.ceiling = (total + len(REST) * self.least) / whole, (total + len(REST) * self.most) / whole
        self.low, self.projection, self.high = self.bounded(
            *((total + len(REST) * (self.settled[-1] + s * days)) / whole for s in slopes(points)))

    def flow(self, filed):
        total = sum(self.settled)
        brought = sorted(sum(filed.figure(m, self.indicator) for m in year) for year in EARLIER)
        self.now = total + self.open
        self.floor = max(self.now, total + len(REST) * self.least)
        self.ceiling = total + len(REST) * self.most
        self.low, self.projection, self.high = self.bounded(total + brought[0], total + median(brought), total + brought[1])

    def required(self, direction, goal):
        if satisfies(self.now, direction, goal):
            return None
        if self.indicator.over_time == contract.pb.TIME_MEAN:
            return (goal * (len(SETTLED) + len(REST)) - sum(self.settled)) / len(REST)
        return abs(goal - self.now) / max(1, (DUE - AS_OF).days / Fraction("30.4375"))

    def status(self, direction, goal):
        flow = self.indicator.over_time == contract.pb.TIME_SUM
        if satisfies(self.now, direction, goal) and not (flow and direction != "at_least"):
            return "met"
        if self.ceiling < goal if direction == "at_least" else self.floor > goal:
            return "out of reach"
        does = [satisfies(v, direction, goal) for v in (self.low, self.projection, self.high)]
        return "on course" if all(does) else "at risk" if any(does) else "behind"


def satisfies(figure, direction, goal):
    return figure >= goal if direction == "at_least" else figure <= goal


# ---- printed ---------------------------------------------------------------------------------------------------


def shown(value, unit):
    """As paper has it: two decimals, a ratio in per cent; half away from zero."""
    if value is None:
        return ""
    value = Fraction(value) * (100 if unit == "ratio" else 1)
    scaled = floor(abs(value) * 100 + Fraction(1, 2))
    text = f"{'-' if value < 0 and scaled else ''}{scaled // 100}.{scaled % 100:02d}".rstrip("0").rstrip(".")
    return text + ("%" if unit == "ratio" else "")


def columns_of(line):
    """The line with one character a column of the terminal."""
    return "".join(c + ("\0" if unicodedata.east_asian_width(c) in "WF" else "") for c in line)


def read_page(text):
    """[{title: cell}], and each row's note, of a table whose columns stand two spaces apart."""
    lines = [columns_of(line) for line in text.split("\n")]
    top = next(n for n, line in enumerate(lines) if line.startswith("no."))
    body = [(n, line) for n, line in enumerate(lines) if n > top and re.match(r" {0,2}\d{1,3}  \S", line)]
    rows = [lines[top]] + [line for _, line in body]
    width = max(map(len, rows))
    rows = [row.ljust(width + 2) for row in rows]
    blank = [all(row[i] == " " for row in rows) for i in range(width + 2)]
    cuts = [0] + [i + 2 for i in range(width) if blank[i] and blank[i + 1] and not (i + 2 < width and blank[i + 2])] + [width + 2]
    cells = [[row[a:b].replace("\0", "").strip() for a, b in zip(cuts, cuts[1:])] for row in rows]
    return [dict(zip(cells[0], row)) for row in cells[1:]], [lines[n + 1].replace("\0", "").strip() for n, _ in body]


@pytest.fixture(scope="module")
def filed(world):
    return Filed(world)


def write_plan(world, where, targets):
    for name, header, rows in (
            ("plans.csv", "plan,title_zh,title_en,issuer_zh,district,period_start,period_end,issued_on,note",
             [[PLAN, "页", "Page", "市", DISTRICT, f"{YEAR}-01-01", DUE, "", ""]]),
            ("targets.csv", "plan,indicator,district,direction,value,unit,due,responsible", targets)):
        with open(where / name, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header.split(","))
            writer.writerows(rows)
    world.database.ctl("import", where / "plans.csv", where / "targets.csv")


def test_every_number_of_the_page(world, filed, tmp_path):
    slots = world.database.value("SELECT count(*) FROM yuebao.slot WHERE district = %s AND period = %s", DISTRICT, first_day(OPEN))
    units = dict(world.database.rows("SELECT code, unit FROM yuebao.indicator"))
    form = world.catalogue.forms["primary.monthly"]
    indicators = [world.catalogue.indicators[n] for n in [*form.required, *form.optional]]
    chosen = [i for i in indicators if all(filed.figure(m, i) is not None for m in MONTHS)]
    wanted, rows = [], []
    for n, indicator in enumerate(chosen):
        expected = Expected(filed, indicator, slots)
        aims = (expected.now, expected.projection, expected.low, expected.high + 1, expected.ceiling + 1)
        direction, goal = ("at_least", "at_most")[n % 3 == 1], round(aims[n % 5], 2)
        if goal == expected.now or goal < 0:
            goal = round(expected.now + 1, 2)
        wanted.append((expected, direction, goal))
        rows.append([PLAN, indicator.code, DISTRICT, direction, f"{float(goal):.2f}", units[indicator.code], DUE, 410400 if n == 0 else ""])
    assert {e.indicator.over_time for e, *_ in wanted} >= {contract.pb.TIME_LAST, contract.pb.TIME_SUM}
    write_plan(world, tmp_path, rows)

    page = world.database.ctl("progress", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "en").stdout
    assert max(len(columns_of(line)) for line in page.split("\n")) <= 120
    printed, notes = read_page(page)
    assert len(printed) == len(wanted)
    for (expected, direction, goal), row, note in zip(wanted, printed, notes):
        code, unit = expected.indicator.code, units[expected.indicator.code]
        reached = satisfies(expected.now, direction, goal)
        status = expected.status(direction, goal)
        assert row["target"] == ("≥ " if direction == "at_least" else "≤ ") + shown(goal, unit), code
        assert row["now"] == shown(expected.now, unit), code
        assert row["projected"] == shown(expected.projection, unit), code
        assert f"between {shown(expected.low, unit)} and {shown(expected.high, unit)}" in note, (code, note)
        assert row["state"] == status, (code, row)
        if "a month" in row:
            assert row["a month"] == ("" if status == "out of reach" else shown(expected.required(direction, goal), unit)), code
        apart = abs(Fraction(shown(goal, "")) - Fraction(shown(expected.now, ""))) if unit != "ratio" else \
            abs(Fraction(shown(goal, unit)[:-1]) - Fraction(shown(expected.now, unit)[:-1])) / 100
        assert row["gap"] in ("" if reached else shown(apart, unit), "< 0.01", "< 0.01%"), code
    assert len({row["state"] for row in printed}) >= 4, "targets of many states make this a test"
    assert "responsible: Pingdingshan" in notes[0]


def test_one_target_in_full(world, filed):
    said = world.database.ctl("progress", "--plan", PLAN, "--target", "1", "--as-of", AS_OF.isoformat(), "--lang", "en").stdout
    assert "Theil–Sen" in said and "responsible: Pingdingshan" in said
    for month in SETTLED:
        assert re.search(rf"^{month} .*closed +●", said, re.M), month
    assert re.search(rf"^{OPEN} .*open", said, re.M)
    zh = world.database.ctl("progress", "--plan", PLAN, "--target", "1", "--as-of", AS_OF.isoformat(), "--lang", "zh").stdout
    assert "责任单位：平顶山市" in zh and "中位数" in zh
    periods = json.loads(world.database.ctl("progress", "--plan", PLAN, "--target", "1", "--as-of", AS_OF.isoformat(), "--json").stdout)
    assert all(p["expected"] or p["schools"] for p in periods)  # where nobody owed it, there is no line
    for options, status in ((["--target", "1"], 64), (["--plan", PLAN, "--target", "x"], 64), (["--plan", PLAN, "--target", "999"], 65)):
        world.database.ctl("progress", *options, ok=status)


def test_a_veto_fails_the_result(world, filed):
    world.database.run("UPDATE yuebao.indicator SET veto = false")
    said = world.database.ctl("result", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "en").stdout
    assert "failed" not in said
    assert not any(row["vetoed"] for row in json.loads(world.database.ctl("progress", "--plan", PLAN, "--json").stdout))
    world.database.run("UPDATE yuebao.indicator SET veto = true WHERE code = 'safety_accidents'")
    accidents = {m: filed.figure(m, world.catalogue.by_code["safety_accidents"]) for m in SETTLED + [OPEN]}
    first = next(m for m in accidents if accidents[m])
    said = world.database.ctl("progress", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "en").stdout
    assert f"was {sum(accidents.values())} in {YEAR}" in said and f"since {first}" in said
    assert all(row["vetoed"] for row in json.loads(world.database.ctl("progress", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--json").stdout)
               if row["district"] == DISTRICT)
    said = world.database.ctl("result", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "en").stdout
    assert f"was {sum(accidents.values())} in {YEAR}" in said and f"since {first}" in said and "failed" in said
    assert "一票否决" in world.database.ctl("result", "--plan", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "zh").stdout


def test_snapshots_stand(world, filed):
    take = ["snapshot", "take", PLAN, "--as-of", AS_OF.isoformat(), "--lang", "en", "--name"]
    assert "mid" in world.database.ctl(*take, "mid").stdout
    world.database.ctl(*take, "mid", ok=65)
    world.database.ctl(*take, "no name", ok=64)
    world.database.ctl("snapshot", "show", "nobody", ok=65)
    world.database.ctl("snapshot", "show", ok=64)
    before = world.database.ctl("snapshot", "show", "mid", "--csv").stdout
    world.database.run("UPDATE yuebao.target SET value = value + 1 WHERE plan = %s", PLAN)
    world.database.ctl("snapshot", "take", PLAN, "--name", "end", "--as-of", AS_OF.isoformat())
    assert world.database.ctl("snapshot", "show", "mid", "--csv").stdout == before
    compared = world.database.ctl("snapshot", "compare", "mid", "end", "--lang", "en").stdout
    assert "mid: page-2020 as of 2020-09-20 24:00" in compared and compared.count("\n") > 10
    assert world.database.ctl("snapshot", "compare", "end", "mid", "--lang", "en").stdout == compared  # the older first, however they are named
    assert [r["snapshot"] for r in json.loads(world.database.ctl("snapshot", "list", "--json").stdout)] == ["mid", "end"]
