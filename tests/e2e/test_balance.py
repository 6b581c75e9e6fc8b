"""Balance between schools says what Python computes from the statements that were accepted, by the definition, school by school; and what
if says what the same figures say once they are filed."""

import csv
import datetime
import json
from decimal import Decimal
from math import sqrt

import pytest

import contract
from house import ROOT, wait_for
from world import TODAY, first_day, period_of

PERIOD = period_of("yearly", TODAY - datetime.timedelta(days=20))
PLACES = {220200: {220200, 220203}, 220203: {220203}}


def resources():
    with open(ROOT / "sql" / "plans" / "balance.csv", encoding="utf-8") as file:
        return [r for r in csv.DictReader(file) if r["value"].endswith(".num")]


def coefficient(schools):
    """(X, CV) of [(pupils, resource)], as the national rules write it: no sum is multiplied out."""
    everybody = sum(p for p, _ in schools)
    mean = sum(y for _, y in schools) / everybody
    return mean, sqrt(sum(p / everybody * (y / p - mean) ** 2 for p, y in schools)) / mean


class Story:
    """Fourteen schools with a yearly report, two without; one that has no pupils."""

    def __init__(self, world):
        self.world, self.sent, self.ids = world, {}, {}
        for kind, place, count in (("primary", 220203, 6), ("primary", 220200, 3), ("junior", 220203, 5)):
            for _ in range(count):
                school, _ = world.enrolled(kind, place)
                self.report(school, world.lawful(school, "yearly", optional=1))
        nobody = next(s for s in self.sent if s.kind == "primary" and s.district == 220203)
        figures = dict(self.sent[nobody])
        for code in (r["value"].removesuffix(".num") for r in resources()):
            figures[world.catalogue.number(code)] = (0, 0)
        self.report(nobody, figures)
        world.database.run("UPDATE yuebao.calendar SET due_at = opens_at + interval '1 s', closes_at = now() WHERE period = %s",
                           first_day(PERIOD))

    def report(self, school, figures):
        kw = {"revision": 2, "previous": self.ids[school]} if school in self.ids else {}
        statement = self.world.statement(school, figures, frequency="yearly", period=PERIOD, **kw)
        with self.world.greeted(school) as session:  # kept until the collector has seen that the period is open again
            wait_for("a receipt", lambda: session.submit(self.world.envelope(school, statement)).HasField("receipt"))
        self.ids[school], self.sent[school] = contract.statement_id(statement), figures

    def parts(self, resource, kind, place, without=()):
        """school -> (pupils, resource in all), of those that count."""
        indicator = self.world.catalogue.by_code[resource["value"].removesuffix(".num")]
        cells = {s: f[indicator.number] for s, f in self.sent.items() if s.kind == kind and s.district in PLACES[place]}
        return {s: (d / 10 ** indicator.denominator_decimals, v / 10 ** indicator.decimals)
                for s, (v, d) in cells.items() if d > 0 and s.code not in without}

    def owing(self, kind, place):
        return [s for s in self.world.schools if s.kind == kind and s.district in PLACES[place]]


@pytest.fixture(scope="module")
def story(world):
    return Story(world)


def ask(story, *args):
    return json.loads(story.world.database.ctl("balance", *args, "--json").stdout)


def close(text, number):
    return abs(float(text) - number) <= max(2e-6, abs(number) * 1e-9)


@pytest.mark.parametrize("place", PLACES)
def test_coefficients_by_the_definition(story, place):
    rows = {(r["kind"], r["indicator"]): r for r in ask(story, place)}
    assert len(rows) == 2 * len(resources()), "the seven of the national rules, for primary and junior; no count has a settled month"
    for resource in resources():
        for kind, threshold in (k.split(":") for k in resource["kinds"].split("|")):
            row, schools = rows[kind, resource["balance"]], story.parts(resource, kind, place)
            mean, cv = coefficient(list(schools.values()))
            assert close(row["cv"], cv) and close(row["per_pupil"], mean * int(resource["scale"])), (row, cv)
            assert close(row["deviation"], mean * cv * int(resource["scale"]))
            assert row["met"] == (cv <= float(threshold)) and Decimal(row["threshold"]) == Decimal(threshold)
            assert (row["schools"], row["left_out"], row["excluded"]) == (len(schools), len(story.owing(kind, place)) - len(schools), 0)
            assert row["period"] == PERIOD


def test_below_names_every_district(story):
    below = ask(story, 220200, PERIOD, "--below", "--kind", "primary")
    assert [r for r in below if r["district"] == 220203] == ask(story, 220203, "--kind", "primary")
    assert {r["district"] for r in below} == {220200, 220203}
    view = story.world.database.rows("SELECT district, indicator, cv::text FROM api.balance WHERE kind = 'primary' AND district = 220203")
    assert {(d, i, c) for d, i, c in view} == {(r["district"], r["indicator"], r["cv"]) for r in below if r["district"] == 220203}


def test_the_schools_that_move_it_most(story):
    resource = resources()[3]
    rows = ask(story, 220200, "--schools", "--kind", "primary", "--indicator", resource["balance"])
    schools = {s.code: part for s, part in story.parts(resource, "primary", 220200).items()}
    mean, cv = coefficient(list(schools.values()))
    whole = sum(p * (y / p - mean) ** 2 for p, y in schools.values())
    shares = [float(r["variance_share"]) for r in rows if r["standing"] == "counted"]
    assert shares == sorted(shares, reverse=True) and len(shares) == len(schools)
    for row in rows:
        if row["standing"] != "counted":
            assert row["school"] not in schools and row["variance_share"] is None
            continue
        p, y = schools[row["school"]]
        assert close(row["per_pupil"], y / p) and close(row["difference"], y / p - mean) and close(row["cv"], cv)
        assert close(row["variance_share"], p * (y / p - mean) ** 2 / whole)
        assert close(row["cv_without"], coefficient([v for s, v in schools.items() if s != row["school"]])[1])
    assert {r["standing"] for r in rows} == {"counted", "no_figure", "no_pupils"}


def test_who_is_excluded(story):
    database, resource = story.world.database, resources()[5]
    out = next(s for s in story.parts(resource, "junior", 220203))
    asked = ("--kind", "junior", "--indicator", resource["balance"])
    (then,) = ask(story, 220203, *asked, "--exclude", out.code)
    database.ctl("balance", "exclude", out.code, "--reason", "=教学点", "--from", f"{PERIOD}-12-31", "--to", f"{PERIOD}-12-31")
    (row,) = ask(story, 220203, *asked)
    assert close(row["cv"], coefficient(list(story.parts(resource, "junior", 220203, {out.code}).values()))[1])
    assert row["cv"] == then["cv_if"] and row["met"] == then["met_if"] and row["excluded"] == 1
    listed = database.ctl("balance", "exclusions", "220203", "--csv").stdout
    assert out.code in listed and "'=教学点" in listed, "a reason that looks like a formula is harmless"
    refused = database.ctl("balance", "exclude", out.code, "--reason", "again", "--lang", "en", ok=65)
    assert "already" in refused.stderr
    database.ctl("balance", "include", out.code)
    database.ctl("balance", "include", out.code, ok=65)
    (row,) = ask(story, 220203, *asked)
    assert row["cv"] == then["cv"] and row["excluded"] == 0
    done = [a for a, d in database.rows("SELECT action, detail ->> 'school' FROM yuebao.audit_log ORDER BY audit_log") if d == out.code]
    assert done == ["balance exclude", "balance include"]


def test_what_if_is_what_will_be(story):
    resource = resources()[4]
    indicator = story.world.catalogue.by_code[resource["value"].removesuffix(".num")]
    school = next(s for s in story.parts(resource, "primary", 220203))
    asked = ("--kind", "primary", "--indicator", resource["balance"])
    (then,) = ask(story, 220203, *asked, "--what-if", f"{school.code}:1234.5/321")
    assert then["cv"] != then["cv_if"]
    story.world.database.run("UPDATE yuebao.calendar SET due_at = closes_at + interval '1 d', closes_at = now() + interval '1 d' WHERE period = %s",
                             first_day(PERIOD))
    story.report(school, {**story.sent[school], indicator.number: (12345, 321)})
    (row,) = ask(story, 220203, PERIOD, *asked)
    assert (row["cv"], row["per_pupil"], row["deviation"], row["met"]) == tuple(then[k + "_if"] for k in ("cv", "per_pupil", "deviation", "met"))
    assert close(row["cv"], coefficient(list(story.parts(resource, "primary", 220203).values()))[1])


def test_thresholds_are_data(story, tmp_path):
    rows = list(csv.DictReader(open(ROOT / "sql" / "plans" / "balance.csv", encoding="utf-8")))
    for row in rows:
        row["kinds"] = {"sports_area": "primary:0.000001|special", "teaching_area": "primary:9"}.get(row["balance"], row["kinds"])
    path = tmp_path / "balance.csv"

    def write(chosen):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(chosen)

    write(rows)
    story.world.database.ctl("import", path)
    met = {(r["kind"], r["indicator"]): r["met"] for r in ask(story, 220203, PERIOD)}
    assert met["primary", "sports_area"] is False and met["primary", "teaching_area"] is True and ("junior", "sports_area") not in met
    write(rows[3:])
    assert "stay" in story.world.database.ctl("import", path, "--lang", "en").stdout
    story.world.database.ctl("import", "--remove-missing", path)
    assert {r["indicator"] for r in ask(story, 220203, PERIOD)} == {r["balance"] for r in rows[3:7]}
    story.world.database.ctl("import", ROOT / "sql" / "plans")
    assert len(ask(story, 220203, PERIOD)) == 2 * len(resources())


@pytest.mark.parametrize("args, status", [
    ((), 64), (("2202",), 64), (("220203", "2026-13"), 64), (("999999",), 65), (("220203", "--indicator", "nothing"), 65),
    (("220203", "--what-if", "0000001:1"), 64), (("220203", "--indicator", "sports_area", "--what-if", "0000001"), 64),
    (("220203", "--indicator", "sports_area", "--what-if", "0000001:1/0"), 64),
    (("220203", "--indicator", "sports_area", "--what-if", "B220203:1/1"), 65), (("220203", "--exclude", "nobody"), 65), (("220203", "--kind", "senior"), 65),
    (("exclude",), 64), (("exclude", "B220203"), 64), (("exclude", "nobody", "--reason", "x"), 65),
    (("exclude", "B220203", "--reason", "x", "--from", "2026-02-02", "--to", "2026-02-01"), 64), (("include", "B220203", "--below"), 64),
    (("220203", "--reason", "x"), 64), (("220203", PERIOD, "more"), 64),
])
def test_what_cannot_be_asked(story, args, status):
    for language in ("en", "zh"):
        refused = story.world.database.ctl("balance", *args, "--lang", language, ok=status)
        assert refused.stderr and not refused.stdout


@pytest.mark.parametrize("language, word", [("en", "Teaching floor area per pupil"), ("zh", "生均教学及辅助用房面积")])
def test_for_people(story, language, word):
    for more in ((), ("--below",), ("--schools",), ("--exclude", "B220203")):
        assert word in story.world.database.ctl("balance", 220200, PERIOD, *more, "--lang", language).stdout
