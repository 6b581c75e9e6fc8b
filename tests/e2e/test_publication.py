"""Publication: a closed and declared period for everybody; small numbers held back, and nobody can work them out."""

import csv
import io
import itertools
import json
import random
import re
from html.parser import HTMLParser

import psycopg2
import psycopg2.extras
import pytest

from attack import System
from house import BUILD, ROOT, run

PERIOD, FIRST_DAY = "2025-03", "2025-03-01"
PROVINCE, PREFECTURE, COUNTIES = 220000, 220200, [220201, 220202, 220203, 220204, 220211]
BELOW = {PROVINCE: [PREFECTURE, 220300], PREFECTURE: COUNTIES, 220300: [220301, 220302]}
PLACES = [PREFECTURE, *COUNTIES, 220300, *BELOW[220300]]
KINDS = ["primary", "junior", "vocational", "special", "district"]
INDICATORS = 36


# ---- a place with random figures -----------------------------------------------------------------------------------


class Place:
    """A province of two cities with their counties, some with schools of their own, and indicators whose figures are
    chosen to be awkward: few schools, many zeros, small counts. Filed by SQL, the way the collector does."""

    def __init__(self, database, seed):
        self.database, self.dice = database, random.Random(seed)
        self.link = psycopg2.connect(database.conninfo())
        self.link.autocommit = True
        self.cursor = self.link.cursor()
        self.lay_out()

    def insert(self, table, columns, rows):
        psycopg2.extras.execute_values(self.cursor, f"INSERT INTO yuebao.{table} ({columns}) VALUES %s", rows)

    def lay_out(self):
        self.insert("district", "district, parent, level, name_zh, name_en",
                    [(100000, None, "nation", "中国", "China"), (PROVINCE, 100000, "province", "吉林省", "Jilin"),
                     (PREFECTURE, PROVINCE, "prefecture", "吉林市", "Jilin City"), (220300, PROVINCE, "prefecture", "四平市", "Siping")]
                    + [(c, city, "county", f"<{c}>区", f"County & {c}") for city in BELOW[PROVINCE] for c in BELOW[city]])
        self.insert("indicator", "code, name_zh, name_en, unit, measure, over_schools, over_time, decimals, denominator_decimals, min, max",
                    [self.indicator(n) for n in range(INDICATORS)])
        self.insert("form", "code, kind, frequency, name_zh, name_en", [(f"{k}.monthly", k, "monthly", k, k) for k in KINDS])
        self.cursor.execute("SELECT code, form FROM yuebao.form")
        self.forms = {code.split(".")[0]: form for code, form in self.cursor.fetchall()}
        self.cursor.execute("SELECT code, indicator, over_schools, measure FROM yuebao.indicator ORDER BY indicator")
        self.indicators = {number: (code, over, measure) for code, number, over, measure in self.cursor.fetchall()}
        # each is asked of one to four kinds, and the two that a rule ties of the same
        self.asked = {n: self.dice.sample(KINDS[:4], self.dice.randint(1, 4)) if i % 9 else ["district"]
                      for i, n in enumerate(self.indicators)}
        self.numbers = {code: n for n, (code, _, _) in self.indicators.items()}
        for a, b in self.ties():
            self.asked[a] = self.asked[b] = ["primary", "junior", "special"]
        self.insert("form_indicator", "form, indicator, required", [(self.forms[k], n, False) for n, kinds in self.asked.items() for k in kinds])
        self.tie_by_rules()
        self.cursor.execute("INSERT INTO yuebao.catalogue (hash, bytes) VALUES (sha256('x'), 'x')")
        self.cursor.execute("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                               SELECT f.form, p.day, p.day, p.day + 40, p.day + 50, 1
                               FROM yuebao.form AS f, (VALUES (date '2025-03-01'), ('2025-04-01')) AS p (day)""")
        self.open_schools()

    @staticmethod
    def indicator(n):
        code = f"i{n:02d}"
        measure, over, unit = [("count", "sum", "pupils"), ("amount", "sum", "CNY"), ("ratio", "ratio_of_sums", "ratio"),
                               ("quotient", "ratio_of_sums", "CNY_per_pupil"), ("hours", "mean", "hours"), ("count", "max", "pupils")][n % 6]
        decimals = 2 if measure == "amount" else 0
        return (code, f"指标{n}", f"=Indicator {n}", unit, measure, over, "last", decimals, 0, 0, 1 if measure == "ratio" else 20000)

    def ties(self):
        """(count, ratio): the ratio's denominator is the count."""
        return [(self.numbers["i06"], self.numbers["i08"]), (self.numbers["i12"], self.numbers["i14"])]

    def tie_by_rules(self):
        for i, (count, ratio) in enumerate(self.ties()):
            self.cursor.execute("INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES (%s, 'error', '=', 'x', 'x') RETURNING rule",
                                (f"tie{i}",))
            (rule,) = self.cursor.fetchone()
            self.insert("rule_term", "rule, side, position, indicator, part", [(rule, "left", 1, ratio, "denominator"), (rule, "right", 1, count, "value")])

    def open_schools(self):
        self.schools = {}
        for place, kind in itertools.product(PLACES, KINDS):
            many = 1 if kind == "district" else self.dice.choice([0, 1, 1, 2, 3, 4, 6]) if place not in BELOW else self.dice.choice([0, 0, 1, 4])
            for n in range(many):
                self.schools[f"{place}-{kind}-{n}"] = (place, kind)
        self.insert("school", "code, institution, kind, name_zh, name_en, opened_on", [(c, c, k, c, c, "2020-01-01") for c, (_, k) in self.schools.items()])
        self.cursor.execute("SELECT code, school FROM yuebao.school")
        self.keys = dict(self.cursor.fetchall())
        self.insert("school_district", "school, valid_from, district", [(self.keys[c], "2020-01-01", p) for c, (p, _) in self.schools.items()])

    def figure(self, number):
        """(value, denominator), awkward ones."""
        _, over, measure = self.indicators[number]
        dice = self.dice
        if over == "ratio_of_sums":
            denominator = dice.choice([1, 2, 3, 5, 40, 100])
            value = dice.choice([0, denominator, dice.randint(0, denominator)]) if measure == "ratio" else dice.choice([0, dice.randint(0, 900)])
            return value, denominator
        return dice.choice([0, 0, 1, 2, 3, dice.randint(0, 30), dice.randint(0, 1000)]), 0

    def figures(self, kind):
        made = {n: self.figure(n) for n, kinds in self.asked.items() if kind in kinds and self.dice.random() < 0.95}
        for count, ratio in self.ties():
            if ratio in made or count in made:
                made.setdefault(ratio, self.figure(ratio))
                made[count] = (made[ratio][1], 0)
        return made

    def file(self, *codes, revision=1, figures=None, day=FIRST_DAY):
        """Reports of these schools; a later revision replaces its figures."""
        reports, booked, changes = [], [], []
        for code in codes:
            place, kind = self.schools[code]
            slot = place, day, self.keys[code], self.forms[kind]
            new = figures or self.figures(kind)
            reports.append((*slot, revision, psycopg2.Binary(f"{code}{day}{revision}".encode()), 1, "", "now", False, "a", "b", "c", "", ""))
            old = []
            if revision > 1:
                self.cursor.execute("DELETE FROM yuebao.figure WHERE district = %s AND period = %s AND school = %s AND form = %s "
                                    "RETURNING indicator, value, denominator", slot)
                old = self.cursor.fetchall()
            booked += [(*slot, n, v, d) for n, (v, d) in new.items()]
            delta = [(n, -1, -v, -d) for n, v, d in old] + [(n, 1, v, d) for n, (v, d) in new.items()]
            if delta:
                n, s, v, d = (list(c) for c in zip(*delta))
                changes.append((place, day, self.forms[kind], n, s, [0] * len(n), v, d))
        psycopg2.extras.execute_values(
            self.cursor, """INSERT INTO yuebao.report (district, period, school, form, revision, id, catalogue, key, received_at, late, filler, reviewer,
                            head, envelope, receipt) VALUES %s""", reports,
            template="(%s, %s, %s, %s, %s, sha256(%s), %s, %s, %s, %s, %s, %s, %s, %s, %s)")
        self.insert("figure", "district, period, school, form, indicator, value, denominator", booked)
        psycopg2.extras.execute_values(
            self.cursor, "INSERT INTO yuebao.total_delta (district, period, form, indicator, schools, excused, value, denominator) VALUES %s", changes,
            template="(%s, %s, %s, %s::smallint[], %s::integer[], %s::integer[], %s::bigint[], %s::bigint[])")

    def see(self, day=FIRST_DAY):
        self.cursor.execute("""SELECT m.* FROM (SELECT array_agg(v.district) AS d, array_agg(v.period) AS p, array_agg(v.school) AS s, array_agg(v.form) AS f,
                                                       array_agg(v.revision) AS r FROM yuebao.reviewed AS v WHERE v.period = %s) AS a
                               CROSS JOIN LATERAL yuebao.mark_seen(a.d, a.p, a.s, a.f, a.r) AS m""", (day,))

    def declare(self, district, period=PERIOD):
        self.see(period + "-01")
        self.database.ctl("review", "declare", district, period, "--note", "停课")

    def publish(self, *args, **kw):
        return self.database.ctl("publish", *args, **kw)

    def cells(self, publication):
        """(district, indicator, kind) -> (schools, value, denominator, held), what an edition keeps."""
        self.cursor.execute("SELECT district, indicator, kind, schools, value, denominator, held FROM yuebao.publication_cell WHERE publication = %s",
                            (publication,))
        return {(d, i, k): (s, v, n, h) for d, i, k, s, v, n, h in self.cursor.fetchall()}

    def publications(self):
        self.cursor.execute("SELECT publication FROM yuebao.publication ORDER BY 1")
        return [p for (p,) in self.cursor.fetchall()]


@pytest.fixture(scope="module")
def migrated(cluster):
    database = cluster.create("template_published")
    database.ctl("migrate")
    return database


numbers = itertools.count(1)


@pytest.fixture
def place(request, cluster, migrated):
    """A database of its own, laid out by the seed that the test names."""
    database = cluster.create(f"published_{next(numbers)}", migrated.name)
    made = Place(database, request.param)
    yield made
    made.link.close()
    database.drop()


# ---- the attack ----------------------------------------------------------------------------------------------------


def amounts_of(measure):
    return {"ratio": ("value", "rest", "denominator"), "quotient": ("value", "denominator")}.get(measure, ("value",))


def amount(cell, which):
    _, value, denominator, _ = cell
    return {"value": value, "denominator": denominator, "rest": denominator - value}[which]


def is_shown(cell):
    return cell[3] is None


def write_down(system, place, edition, cells, versions):
    """All that a reader of one edition can write down. A number that did not change between editions is one variable:
    a reader may well guess so."""

    def name(key, which):
        return (*key, which, versions.setdefault((*key, which, cells[key][:3]), len(versions)))

    for key, cell in cells.items():
        district, indicator, kind = key
        _, over, measure = place.indicators[indicator]
        if over == "max":
            continue
        # zeros are shown: whoever knows that knows that what is held back is not zero
        for which in amounts_of(measure):
            hidden_least = 1 if measure not in ("ratio", "quotient") and cell[0] > 0 and cell[1] > 0 else 0
            system.variable(name(key, which), least=hidden_least)
            if is_shown(cell) or cell[0] == 0:
                system.knows(name(key, which), amount(cell, which))
        if measure == "ratio":
            system.equation([(name(key, "value"), 1), (name(key, "rest"), 1), (name(key, "denominator"), -1)])
        for which in amounts_of(measure):
            if kind == "":
                kinds = [(district, indicator, k) for k in KINDS if (district, indicator, k) in cells]
                system.equation([(name(key, which), -1)] + [(name(k, which), 1) for k in kinds])
            if district in BELOW:
                below = [(c, indicator, kind) for c in BELOW[district] if (c, indicator, kind) in cells]
                terms = [(name(key, which), -1)] + [(name(k, which), 1) for k in below]
                if cell[0] > sum(cells[k][0] for k in below):
                    own = ("own", edition, *key, which)
                    system.variable(own)
                    terms.append((own, 1))
                system.equation(terms)
    for count, ratio in place.ties():
        for (district, indicator, kind) in list(cells):
            if indicator == count and (district, ratio, kind) in cells:
                system.equation([(name((district, count, kind), "value"), 1), (name((district, ratio, kind), "denominator"), -1)])
    return name


def attack(place, publications):
    """Every held-back number of these editions, attacked with all of them; how many there were."""
    editions = {p: place.cells(p) for p in publications}
    groups = {}
    for number in place.indicators:
        groups[number] = number
    for a, b in place.ties():
        groups[b] = groups[a]
    tried = 0
    for group in sorted(set(groups.values())):
        members = {n for n in groups if groups[n] == group}
        system, versions, hidden = System(), {}, set()
        for p, cells in editions.items():
            mine = {k: c for k, c in cells.items() if k[1] in members}
            name = write_down(system, place, p, mine, versions)
            for key, cell in mine.items():
                _, over, measure = place.indicators[key[1]]
                if not is_shown(cell) and over != "max":
                    hidden |= {name(key, which) for which in amounts_of(measure)}
        hidden -= set(system.known)
        tried += len(hidden)
        pinned = {n: v for n, v in {**system.squeezed(), **system.determined()}.items() if n in hidden}
        assert not pinned, f"worked out: {pinned}"
    return tried


def attack_largest(place, publication):
    """Maxima do not add up: bounds alone."""
    cells = {k: c for k, c in place.cells(publication).items() if place.indicators[k[1]][1] == "max" and c[0] > 0}
    least = {k: c[1] if is_shown(c) else 1 for k, c in cells.items()}
    most = {k: c[1] if is_shown(c) else 20000 for k, c in cells.items()}
    unions = []
    for (district, indicator, kind), cell in cells.items():
        if kind == "":
            unions.append(((district, indicator, kind), [(district, indicator, k) for k in KINDS if (district, indicator, k) in cells], True))
        if district in BELOW:
            below = [(c, indicator, kind) for c in BELOW[district] if (c, indicator, kind) in cells]
            unions.append(((district, indicator, kind), below, cell[0] == sum(cells[k][0] for k in below)))
    before = None
    while before != (least, most):
        before = dict(least), dict(most)
        for whole, of, is_all in unions:
            least[whole] = max([least[whole]] + [least[k] for k in of])
            for k in of:
                most[k] = min(most[k], most[whole])
            if is_all and of:
                most[whole] = min(most[whole], max(most[k] for k in of))
                able = [k for k in of if most[k] >= least[whole]]
                if len(able) == 1:
                    least[able[0]] = max(least[able[0]], least[whole])
    pinned = {k: least[k] for k, c in cells.items() if not is_shown(c) and c[1] > 0 and least[k] == most[k]}
    assert not pinned, f"worked out: {pinned}"


def test_the_attack_works():
    """A solver that finds nothing proves nothing: it must break what is badly held back."""
    system = System()
    for v in "abcd":
        system.variable(v)
    system.knows("d", 4)
    system.equation([("a", 1), ("b", 1)], 7)
    system.equation([("a", 1), ("b", 1), ("c", 1), ("d", 1)], 20)
    assert system.determined() == {"c": 9} and system.squeezed() == {}
    zeros = System()
    zeros.variable("a")
    zeros.variable("b")
    zeros.equation([("a", 1), ("b", 1)], 0)
    assert zeros.determined() == {} and zeros.squeezed() == {"a": 0, "b": 0}


# ---- tests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(3), indirect=True)
def test_nobody_can_work_out_what_is_held_back(place):
    """Random figures, one edition, everything known put down and solved."""
    place.file(*place.schools)
    place.declare(PROVINCE)
    told = place.publish(PROVINCE, PERIOD).stdout
    (edition,) = place.publications()
    tried = attack(place, [edition])
    attack_largest(place, edition)
    cells = place.cells(edition)
    held = sum(1 for c in cells.values() if c[3])
    assert tried > 100 and f"{len(cells)} numbers, {held} of them held back" in told
    assert any(c[3] == "complement" for c in cells.values())
    # nothing small is shown, whatever the algorithm thinks
    for (_, indicator, kind), (schools, value, denominator, why) in cells.items():
        if why is None and (value or denominator):
            assert schools >= (1 if kind == "district" else 3) or schools == 0


def totals(place):
    """(district, indicator, kind) -> (schools, value, denominator) of the city, added up here from the schools' figures."""
    place.cursor.execute("""SELECT f.district, f.indicator, s.kind, f.value, f.denominator FROM yuebao.figure AS f JOIN yuebao.school AS s USING (school)
                            WHERE f.period = %s""", (FIRST_DAY,))
    sums = {}
    rows = [r for r in place.cursor.fetchall() if r[0] in (PREFECTURE, *COUNTIES)]
    kinds = {(i, k) for _, i, k, _, _ in rows}
    for own, indicator, kind, value, denominator in rows:
        several = sum(1 for i, _ in kinds if i == indicator) > 1
        for district in {own, PREFECTURE}:
            for k in [kind] + [""] * several:
                n, v, d = sums.get((district, indicator, k), (0, 0, 0))
                largest = place.indicators[indicator][1] == "max"
                sums[district, indicator, k] = (n + 1, max(v, value) if largest else v + value, d + denominator)
    return sums


def public(place, sql, *values):
    """As everybody: no other right than that role's."""
    with psycopg2.connect(place.database.conninfo("yuebao_public")) as link, link.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def listed(place):
    return {(r["publisher"], r["period"], r["edition"]): r["standing"] for r in json.loads(place.publish("list", "--json").stdout)}


@pytest.mark.parametrize("place", [101], indirect=True)
def test_the_life_of_an_edition(place):
    """Refused until it is ready; exact; seen by everybody; corrected, published again, compared, withdrawn."""
    everyone = list(place.schools)
    place.file(*everyone)

    # not closed, not declared, reopened, something waits
    place.cursor.execute("UPDATE yuebao.calendar SET closes_at = now() + interval '1 day' WHERE period = %s", (FIRST_DAY,))
    assert "is not closed" in place.publish(PREFECTURE, PERIOD, ok=65).stderr
    place.cursor.execute("UPDATE yuebao.calendar SET closes_at = due_at WHERE period = %s", (FIRST_DAY,))
    assert "is not declared" in place.publish(PREFECTURE, PERIOD, ok=65).stderr
    place.declare(PREFECTURE)
    place.insert("kept", "district, period, school, form, id, revision, key, received_at, envelope, answer",
                 [(COUNTIES[0], FIRST_DAY, place.keys[everyone[0]], place.forms["primary"], bytes(32), 9, b"", "now", b"", b"")])
    assert "wait for a decision" in place.publish(PREFECTURE, PERIOD, ok=65).stderr
    place.cursor.execute("DELETE FROM yuebao.kept")
    assert public(place, "SELECT count(*) FROM published.edition") == [(0,)]

    # a dry run shows the edition and leaves nothing
    tried = place.publish(PREFECTURE, PERIOD, "--dry-run", "--json")
    assert "would be" in tried.stderr and place.publications() == []
    made = place.publish(PREFECTURE, PERIOD, "--json")
    assert json.loads(made.stdout) == json.loads(tried.stdout)

    # exactly the totals, held back or not, and what is shown is that
    (first,) = place.publications()
    kept = place.cells(first)
    assert {k: c[:3] for k, c in kept.items()} == totals(place)
    shown = json.loads(made.stdout)
    codes = {code: n for n, (code, _, _) in place.indicators.items()}
    assert {(r["district"], codes[r["indicator"]], r["kind"] or "") for r in shown if r["held_back"]} == {k for k, c in kept.items() if c[3]}
    place.cursor.execute("SELECT district, indicator, kind, schools, value, denominator, ratio FROM api.district_total WHERE period = %s", (PERIOD,))
    official = {row[:3]: row[3:] for row in place.cursor.fetchall()}
    for row in public(place, "SELECT district, indicator, kind, schools, value, denominator, ratio, held_back FROM published.figure"):
        if row[2] and not row[7]:
            assert official[row[:3]] == row[3:7]
        elif row[7]:
            assert row[4:7] == (None, None, None)
    assert "nothing changed" not in made.stderr and place.publish(PREFECTURE, PERIOD, ok=65).stderr.count("numbers of now already") == 1

    # never changed; the county below it is told where it is
    for table in ("publication", "publication_cell", "publication_district", "publication_indicator"):
        with pytest.raises(psycopg2.Error, match="never changed"):
            place.cursor.execute(f"DELETE FROM yuebao.{table}")
    place.declare(COUNTIES[0])
    assert f"district {PREFECTURE} has published" in place.publish(COUNTIES[0], PERIOD, ok=65).stderr
    part = json.loads(place.publish("show", PREFECTURE, PERIOD, "--district", COUNTIES[0], "--json").stdout)
    assert {r["district"] for r in part} == {COUNTIES[0]}

    # a correction: the edition differs, the period is reopened, edition 2 has the new numbers
    assert listed(place) == {(PREFECTURE, PERIOD, 1): "stands"}
    corrected = max((c for c in everyone if place.schools[c][1] == "primary"), key=lambda c: len([o for o in everyone if o[:10] == c[:10]]))
    place.cursor.execute("SELECT indicator, value, denominator FROM yuebao.figure WHERE school = %s", (place.keys[corrected],))
    figures = {n: (v + (1 if d == 0 else 0), d) for n, v, d in place.cursor.fetchall()}
    for count, ratio in place.ties():
        figures[ratio] = (0, figures[count][0])
    place.file(corrected, revision=2, figures=figures)
    assert listed(place) == {(PREFECTURE, PERIOD, 1): "differs"}
    assert "reopened" in place.publish(PREFECTURE, PERIOD, ok=65).stderr
    place.declare(PREFECTURE)
    place.publish(PREFECTURE, PERIOD)
    assert listed(place) == {(PREFECTURE, PERIOD, 1): "superseded", (PREFECTURE, PERIOD, 2): "stands"}
    second = place.publications()[1]
    assert place.cells(first) == kept and {k: c[:3] for k, c in place.cells(second).items()} == totals(place)
    assert {k for k, c in kept.items() if c[3]} <= {k for k, c in place.cells(second).items() if c[3] or c[0] == 0}
    attack(place, [first, second])
    compared = json.loads(place.publish("compare", PREFECTURE, PERIOD, 1, 2, "--json").stdout)
    assert compared and all((r["older_value"], r["older_denominator"], r["older_held_back"]) !=
                            (r["newer_value"], r["newer_denominator"], r["newer_held_back"]) for r in compared)
    assert public(place, "SELECT edition, newest FROM published.edition ORDER BY 1") == [(1, False), (2, True)]

    # withdrawn: the numbers are gone, the fact and the reason stay
    assert "--reason" in place.publish("withdraw", PREFECTURE, PERIOD, ok=64).stderr
    place.publish("withdraw", PREFECTURE, PERIOD, "--reason", "数据有误")
    assert public(place, "SELECT edition, withdrawn_because, newest FROM published.edition ORDER BY 1") == [(1, None, True), (2, "数据有误", False)]
    assert public(place, "SELECT DISTINCT edition FROM published.figure") == [(1,)]
    assert "数据有误" in place.publish("show", PREFECTURE, PERIOD, "--edition", 2, ok=65).stderr
    assert listed(place)[PREFECTURE, PERIOD, 2] == "withdrawn"


@pytest.mark.parametrize("place", [201, 603, 608], indirect=True)
def test_editions_do_not_give_each_other_away(place):
    """A county first, then its city; then a school that comes late, which must not be the difference of two editions;
    then the province. (603: the late school adds zeros. 608: what follows from two editions is no secret of a third.)"""
    late = next(c for c, (p, k) in place.schools.items() if p == COUNTIES[1] and k == "primary" or p == COUNTIES[1] and k == "junior")
    place.file(*(c for c in place.schools if c != late))
    place.declare(COUNTIES[0])
    place.publish(COUNTIES[0], PERIOD)
    place.declare(PREFECTURE)
    place.publish(PREFECTURE, PERIOD)
    county, city = place.publications()
    kept, whole = place.cells(county), place.cells(city)
    assert all(whole[k][3] is not None for k, c in kept.items() if c[3]), "what the county held back its city does too"
    attack(place, [county, city])

    place.file(late)
    place.declare(PREFECTURE)
    told = place.publish(PREFECTURE, PERIOD).stdout
    again = place.publications()[2]
    attack(place, [county, city, again])
    new = place.cells(again)
    for key, cell in new.items():
        old = whole.get(key)
        if old and is_shown(old) and is_shown(cell) and key[2] != "district" and old[1:3] != cell[1:3]:
            assert abs(old[0] - cell[0]) not in (1, 2), f"{key}: the difference is the late school's own figure"
    assert "difference from an earlier edition" in told

    # the province puts its cities together: what they held back is not shown beside them
    place.declare(PROVINCE)
    place.publish(PROVINCE, PERIOD)
    attack(place, place.publications())

    # who accepts that says so
    place.publish("rule", "default", "--joined", 1)
    rows = json.loads(place.publish("rules", "--json").stdout)
    assert rows[0]["scope"] == "default" and rows[0]["min_joined"] == 1 and rows[0]["min_schools"] == 3


@pytest.mark.parametrize("place", [501], indirect=True)
def test_periods_do_not_give_each_other_away(place):
    """This month's "carried over" is last month's "open", a rule says: what was held back of one is of the other."""
    carried, left_open = place.numbers["i00"], place.numbers["i06"]
    place.cursor.execute("INSERT INTO yuebao.rule (code, severity, op, message_zh, message_en) VALUES ('carry', 'warning', '=', 'x', 'x') RETURNING rule")
    (rule,) = place.cursor.fetchone()
    place.insert("rule_term", "rule, side, position, indicator, part, previous",
                 [(rule, "left", 1, carried, "value", False), (rule, "right", 1, left_open, "value", True)])
    place.asked[carried] = place.asked[left_open]
    place.file(*place.schools)
    place.file(*place.schools, day="2025-04-01")
    for period in (PERIOD, "2025-04"):
        place.declare(PREFECTURE, period)
        place.publish(PREFECTURE, period)
    march, april = (place.cells(p) for p in place.publications())
    held = {(d, k) for (d, i, k), c in march.items() if i == left_open and c[3]}
    assert held and held <= {(d, k) for (d, i, k), c in april.items() if i == carried and (c[3] or c[0] == 0)}
    for publication in place.publications():
        attack(place, [publication])


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.cells, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)
        if self.tags and self.tags[-1][0] == "td":
            self.cells.append(data)


@pytest.mark.parametrize("place", [301], indirect=True)
def test_what_everybody_gets(place, tmp_path):
    """CSV for a spreadsheet, one page to print; nothing in either says why a number is held back."""
    place.file(*place.schools)
    place.declare(PREFECTURE)
    made = place.publish(PREFECTURE, PERIOD, "--csv", "--html", tmp_path / "page.html")
    assert made.stdout.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(made.stdout.lstrip("\ufeff"))))
    kept = place.cells(place.publications()[0])
    assert len(rows) == len(kept) and rows[0]["name_en"].startswith("'=Indicator")
    held = [r for r in rows if r["held_back"] == "t"]
    assert len(held) == sum(1 for c in kept.values() if c[3]) and all(r["value"] == r["denominator"] == r["ratio"] == "" for r in held)
    assert not any("complement" in line for line in made.stdout.splitlines())

    html = (tmp_path / "page.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    tags = [t for t, _ in page.tags]
    assert not {"script", "img", "link", "iframe", "object"} & set(tags) and not re.search(r"(src|href|url\(|@import|\son\w+=)", html)
    assert page.tags[0] == ("html", {"lang": "zh-CN"}) and tags.count("table") == tags.count("caption") == INDICATORS
    assert all(a.get("scope") in ("row", "col") for t, a in page.tags if t == "th")
    assert f"<{COUNTIES[0]}>区" in "".join(page.text) and f"<{COUNTIES[0]}>区" not in html
    assert page.cells.count("*") == len(held) and "size:A4" in html
    assert "（人）" in html and "(pupils)" in html and "（pupils）" not in html
    assert {"complement", "schools"}.isdisjoint(html.split())

    # the administrator sees why, with the numbers
    why = json.loads(place.publish("held", PREFECTURE, PERIOD, "--json").stdout)
    assert len(why) == len(held) and {"schools", "complement"} <= {r["held"] for r in why} and all(r["value"] for r in why)
    # and the public may use the same command
    told = run(BUILD / "server" / "ctl" / "yuebaoctl", "publish", "show", PREFECTURE, PERIOD, "--lang", "zh", "--db",
               place.database.conninfo("yuebao_public")).stdout
    assert "吉林市" in told and "缺报不等于零" in told


@pytest.mark.parametrize("place", [401], indirect=True)
def test_rules_are_data(place):
    """A limit for one indicator holds from the next edition on; one school that is almost everything is held back too."""
    place.file(*place.schools)
    place.declare(PREFECTURE)
    place.publish("rule", "default", "--schools", 1, "--joined", 1)
    place.publish("rule", "unit", "pupils", "--count", 1)
    place.publish(PREFECTURE, PERIOD)
    assert not any(c[3] for c in place.cells(place.publications()[0]).values())
    place.publish("rule", "indicator", "i01", "--share", "0.6")
    told = place.publish(PREFECTURE, PERIOD, "--dry-run").stdout
    assert "almost all of it is one school's" in told
    for wrong in (["rule", "indicator", "i01"], ["rule", "kind", "palace", "--schools", 2], ["rule", "default", "--share", "1.2"],
                  ["rule", "default", "x", "--schools", 2], ["rule", "default", "--schools", 0]):
        place.publish(*wrong, ok=64)
    place.publish("rule", "indicator", "nothing", "--schools", 2, ok=65)
    place.publish("rule", "unit", "nothing", "--schools", 2, ok=65)


def test_a_share_of_people_has_a_least_count(migrated):
    """Of every share in the plans whose part is people, as its words say: two pupils who failed are as few as two pupils."""
    with open(ROOT / "sql" / "plans" / "indicators.csv", encoding="utf-8-sig") as file:
        shares = {i["indicator"] for i in csv.DictReader(file)
                  if i["unit"] == "ratio" and i["reported_by"] != "district" and not i["numerator_en"].startswith("classes")
                  and re.search(r"\b(pupils|children|teachers|candidates|graduates)\b", i["numerator_en"])}
    assert "myopia_rate" in shares
    held = {name for name, in migrated.rows("SELECT r.name FROM yuebao.publication_rule AS r WHERE r.scope = 'indicator' AND r.min_count = 3")}
    assert shares == held
