"""Who may see what: every view and question of api, as logins of every kind at random see it, is what an administrator sees, filtered by a model
of ten lines. And yuebaoctl under such logins: what is not theirs is refused by name, never answered as if it were nothing."""

import datetime
import json
import random

import psycopg2
import pytest

import contract
import made_up
from house import BUILD, run
from world import CLOSED, LATE, OPEN, TODAY, first_day, period_of

COUNTY, CITY, OTHERS = 220203, 220200, (341881, 410482, 619900)
PUPILS = "enrolled_pupils"
YEAR = period_of("yearly", TODAY - datetime.timedelta(days=20))


class Story:
    """Schools in five places: on time, corrected, late, kept, refused, returned, declared; a yearly report with resources; a snapshot."""

    areas = {"one": {COUNTY}, "two": {COUNTY, CITY}, "far": {*OTHERS}}

    def __init__(self, world):
        self.world, self.logins, self.links = world, {}, {}
        self.schools = [world.enrolled(kind, place)[0] for kind, place in
                        [("primary", COUNTY)] * 4 + [("junior", COUNTY), ("primary", CITY)] + [("primary", p) for p in OTHERS]]
        for n, school in enumerate(self.schools):
            last = self.send(school, OPEN, seed=n)
            if n % 3 == 0:
                self.send(school, OPEN, seed=n + 50, revision=2, previous=last, correction="recounted")
            self.send(school, LATE, seed=n + 10)
            self.send(school, YEAR, frequency="yearly", optional=1)
            if n % 4 == 1:
                self.send(school, CLOSED, seed=n + 20, comes="kept")
            if n % 4 == 2:
                self.send(school, OPEN, seed=n + 30, form="junior.weekly", comes="reject")
        database = world.database
        database.run("UPDATE yuebao.calendar SET due_at = opens_at + interval '1 s', closes_at = now() WHERE period = %s", first_day(YEAR))
        database.ctl("review", "seen", COUNTY, OPEN, self.schools[1].code)
        database.ctl("review", "return", COUNTY, OPEN, "--school", self.schools[0].code, "--note", "look again")
        for school in self.schools[-2:]:
            database.ctl("review", "seen", school.district, OPEN, school.code)
            database.ctl("review", "declare", school.district, OPEN, "--note", "the others are closed")
        database.run("INSERT INTO yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound, explanation) "
                     "SELECT g.district, g.period, g.school, g.form, 1, g.indicator, g.indicator, CASE g.indicator % 2 WHEN 0 THEN 'some_rule' ELSE '' END, "
                     "'1', '2', 'so it is' FROM yuebao.figure AS g WHERE g.indicator % 5 < 2 AND EXISTS (SELECT FROM yuebao.report AS r WHERE "
                     "(r.district, r.period, r.school, r.form, r.revision) = (g.district, g.period, g.school, g.form, 1))")
        database.run("SELECT yuebao.note_windows(NULL), yuebao.note_past(NULL)")  # so that notes are read, too
        database.ctl("snapshot", "take", "longtan-145", "--name", "first")
        for area, places in self.areas.items():
            database.run("INSERT INTO yuebao.area (code, kind, name_zh, name_en) VALUES (%s, 'cluster', %s, %s)", area, area, area)
            database.run("INSERT INTO yuebao.area_school (area, school) SELECT a.area, s.school FROM yuebao.area AS a, yuebao.school AS s "
                         "WHERE a.code = %s AND s.code = ANY (%s)", area, [s.code for s in self.schools if s.district in places])

    def send(self, school, period, comes="receipt", form=None, seed=0, frequency="monthly", optional=0.5, **kw):
        kw |= {"form": form} if form else {}
        statement = self.world.statement(school, self.world.lawful(school, frequency, seed=seed, optional=optional), period=period,
                                         frequency=frequency, **kw)
        with self.world.greeted(school) as session:
            verdict = session.submit(self.world.envelope(school, statement))
        assert verdict.HasField(comes), verdict
        return contract.statement_id(statement)

    def login(self, kind, *names, district=None, **options):
        """A login of PostgreSQL that sees these; its sight is the model's."""
        database, role = self.world.database, f"{self.world.database.name}_{kind}_{len(self.logins)}"
        database.run(f'CREATE ROLE "{role}" LOGIN IN ROLE yuebao_reader')
        self.logins[role] = None
        args = ["--district", district] if district else []
        if kind:
            database.ctl("access", "grant", role, kind, *names, *args)
        self.logins[role] = Sight(self, kind, names, district)
        return role

    def close(self):
        for link in self.links.values():
            link.close()
        for role in self.logins:
            self.world.database.run(f'DROP ROLE "{role}"')

    def rows(self, role, sql, *values):
        if role not in self.links:
            self.links[role] = psycopg2.connect(self.world.database.conninfo(role))
            self.links[role].autocommit = True
        with self.links[role].cursor() as cursor:
            cursor.execute(sql, values or None)
            return [dict(zip([c.name for c in cursor.description], row)) for row in cursor.fetchall()]

    def ctl(self, role, *args, ok=True):
        return run(BUILD / "server" / "ctl" / "yuebaoctl", *args, "--db", self.world.database.conninfo(role), "--lang", "en", ok=ok)


class Sight:
    """The model: which districts are seen whole, and of what."""

    def __init__(self, story, kind, names, district):
        database = story.world.database
        parents = dict(database.rows("SELECT district, parent FROM yuebao.district"))
        roots = {"official": set(names), "department": {district or 100000}, "auditor": {100000}}.get(kind, set())

        def is_below(d):
            return d in roots or (parents[d] is not None and is_below(parents[d]))

        self.kind, self.districts = kind, {d for d in parents if is_below(d)}
        self.schools = set(names) if kind == "inspector" else set()
        self.indicators = set(names) if kind == "department" else None  # None: all
        self.forms = {f for f, i in story.forms if i in names} if kind == "department" else None
        self.home = story.home

    def of(self, row, indicators=(), form=None, whole=False):
        """A row about a school or a district: by district and by topic, or by school."""
        if row.get("school") in self.schools:
            return True
        topic = (self.indicators is None or (not whole and set(indicators) <= self.indicators)) and \
                (form is None or self.forms is None or form in self.forms)
        return self.district(row) in self.districts and topic

    def district(self, row):
        return row["district"] if "district" in row else self.home.get(row["school"])


def by_indicator(sight, row, story):
    return sight.of(row, [row["indicator"]])


def by_form(sight, row, story):
    return sight.of(row, form=row["form"])


def whole(sight, row, story):
    return sight.of(row, whole=True)


def of_a_rule(sight, row, story):
    return sight.of(row, story.terms[row["rule"]])


def of_a_remark(sight, row, story):
    return sight.of(row, [row["indicator"]], whole=row["rule"] is not None)


def of_a_resource(sight, row, story):
    # balance is judged beside others, so an inspector is told of none
    return sight.of({"district": row["district"]}, story.resources[row["indicator"]])


def of_an_area(sight, row, story):
    return story.areas[row["area"]] <= sight.districts and sight.of({"district": COUNTY} | row, [row["indicator"]] if "indicator" in row else [], row["form"]) \
        if sight.kind != "inspector" else False


def everybody(sight, row, story):
    return True


def heard(sight, row):
    """When a school was last heard of is told of schools that are seen, by whoever sees all of its forms."""
    told = sight.kind and sight.kind != "department" and sight.of({"school": row["school"], "district": row["district"]})
    return row if told else row | dict.fromkeys(["last_report", "last_contact"])


def told_why(sight, row, story):
    """What a school wrote beside a figure, without what answers a rule that the login is not told of."""
    if "explanation" not in row:
        return row
    remarks = story.rows("postgres", "SELECT * FROM api.remark WHERE school = %s AND form = %s AND period = %s AND revision = %s AND indicator = %s",
                         *(row[c] for c in ("school", "form", "period", "revision", "indicator")))
    return row | {"explanation": "; ".join(m["explanation"] for m in remarks if m["explanation"] and of_a_remark(sight, m, story)) or None}


def auditors(sight, row, story):
    return sight.kind == "auditor"


# which rows of each view are shown, by what it is about; a new view wants an entry
VIEWS = dict.fromkeys(["district", "school", "plan", "indicator", "target", "calendar", "extension", "projection_rule", "version", "balance_indicator",
                       "balance_exclusion", "snapshot", "area", "area_school", "threshold", "month"], everybody)
VIEWS |= dict.fromkeys(["figure", "figure_history", "outlier", "alert", "district_total", "own_total", "coverage", "progress", "veto", "snapshot_target"], by_indicator)
VIEWS |= dict.fromkeys(["report", "kept", "missing", "completeness", "punctuality"], by_form)
VIEWS |= dict.fromkeys(["review", "review_log", "declaration", "rejection", "result", "snapshot_result"], whole)
VIEWS |= {"area_completeness": of_an_area, "area_coverage": of_an_area, "breach": of_a_rule, "remark": of_a_remark, "balance": of_a_resource, "balance_school": of_a_resource, "audit_log": auditors}
WHERE_STATED = {"balance", "balance_school"}
OWN = {"access", "login"}  # of the login itself: tests/sql/12-access.sql
ABOUT_THE_LOGIN = {"seen", "uppermost", "targets", "open"}  # api.snapshot counts targets, api.threshold alerts: those that are shown


@pytest.fixture(scope="module")
def story(make_world):
    world = make_world(workers=1)
    database = world.database
    Story.forms = database.rows("SELECT DISTINCT f.code, i.code FROM yuebao.catalogue_form JOIN yuebao.form AS f USING (form) "
                                "JOIN yuebao.indicator AS i USING (indicator)")
    Story.home = {s.code: s.district for s in world.schools}
    Story.terms = {r: set(t) for r, t in database.rows(
        "SELECT r.code, array_agg(i.code) FROM yuebao.rule AS r JOIN yuebao.rule_term USING (rule) JOIN yuebao.indicator AS i USING (indicator) GROUP BY 1")}
    Story.resources = {b: set(i) for b, i in database.rows(
        "SELECT b.balance, array_agg(i.code) FROM yuebao.balance_indicator AS b JOIN yuebao.indicator AS i "
        "ON i.indicator IN (b.value_indicator, b.pupils_indicator) GROUP BY 1")}
    story = Story(world)
    world.collector.stop()  # it writes down whom it heard; from now on nothing changes between two looks
    yield story
    story.close()


@pytest.fixture(scope="module")
def logins(story):
    dice = random.Random(made_up.seed())
    indicators = sorted({i for _, i in story.forms})
    codes = [s.code for s in story.schools]
    picked = [PUPILS] + dice.sample(indicators, 40)
    resource = story.resources[sorted(story.resources)[0]]
    return [story.login("official", COUNTY), story.login("official", CITY), story.login("official", *dice.sample([COUNTY, *OTHERS], 2)),
            story.login("inspector", *dice.sample(codes, 3)), story.login("department", *picked), story.login("auditor"), story.login(""),
            story.login("department", *resource, *dice.sample(indicators, 10), district=CITY)]


def as_text(rows, view=None):
    hidden = ABOUT_THE_LOGIN | ({"position"} if view in WHERE_STATED else set())
    return sorted(str({k: v for k, v in row.items() if k not in hidden}) for row in rows)


def test_every_view_shows_each_login_its_rows(story, logins):
    views = [v for v, in story.world.database.rows("SELECT relname FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relkind = 'v' ORDER BY 1")]
    assert sorted({*VIEWS, *OWN}) == views, "say in VIEWS which rows of it a login may see"
    # what everything else stands on must be there, or nothing is tested; what the plans' rules and the past find is as it comes
    empty = {"extension", "balance_exclusion", "breach", "outlier", "veto", "threshold", "alert"}
    for view in VIEWS:
        everything = story.rows("postgres", f"SELECT * FROM api.{view}")
        assert everything or view in empty, view
        for role in logins:
            sight = story.logins[role]
            shown = as_text(story.rows(role, f"SELECT * FROM api.{view}"), view)
            wanted = [heard(sight, row) if "last_contact" in row else row for row in everything if VIEWS[view](sight, row, story)]
            if view in WHERE_STATED:  # what nobody stated in the login's own districts is not asked there, nor numbered
                stated = (row for row in wanted if row["value"] is not None)
                assert set(as_text(stated, view)) <= set(shown) <= set(as_text(wanted, view)), (view, role)
            else:
                assert shown == as_text(wanted), (view, role)


def test_questions_are_answered_whole_or_not_at_all(story, logins):
    dice = random.Random(made_up.seed())
    for role in logins:
        sight = story.logins[role]
        for _ in range(2):
            district, school = dice.choice([COUNTY, CITY, *OTHERS, 100000]), dice.choice(story.schools)
            code = dice.choice([PUPILS, *sorted({i for _, i in story.forms})[:30]])
            place, topic = district in sight.districts, sight.indicators is None or code in sight.indicators
            own = school.code in sight.schools or school.district in sight.districts
            for asked, seen, sql, values in [
                    ("trend", place and topic, "api.trend(%s, %s)", (code, district)),
                    ("rank", place and topic, "api.rank_districts(%s, %s, %s)", (code, OPEN, district)),
                    ("rank schools", place and topic, "api.rank_schools(%s, %s, %s)", (code, OPEN, district)),
                    ("distribution", place and topic, "api.distribution(%s, %s, %s)", (code, OPEN, district)),
                    ("drill", place and topic, "api.drill(%s, %s, %s)", (district, OPEN, code)),
                    ("changes", place, "api.changes_in(%s, %s)", (district, OPEN)),
                    ("totals", place and topic, "api.totals(%s, %s, of_indicator => %s, below => true)", (district, OPEN, code)),
                    ("trend of a school", own and topic, "api.trend(%s, NULL, %s)", (code, school.code)),
                    ("trace", own and topic, "api.figure_trace(%s, %s, %s)", (school.code, OPEN, code)),
                    ("reviewed figures", own and sight.kind != "department", "api.review_figures(%s, %s, %s)", (school.code, "primary.monthly", OPEN))]:
                everything, shown = (story.rows(who, f"SELECT * FROM {sql}", *values) for who in ("postgres", role))
                wanted = [told_why(sight, r, story) for r in everything if seen and (sight.indicators is None or r.get("indicator", code) in sight.indicators)]
                assert as_text(shown) == as_text(wanted), (asked, role, values)
            counts = story.rows(role, "SELECT * FROM api.review_counts(%s, %s)", district, OPEN)
            assert (counts[0]["expected"] is not None) == (place and sight.kind != "department"), (role, district)


def test_a_profile_stands_beside_what_is_seen_whole(story, logins):
    beside = {"district_figure", "district_schools", "rank", "of", "quarter"}
    for role in logins:
        sight = story.logins[role]
        for school in story.schools[:1] + story.schools[-2:]:
            everything = {(r["form"], r["indicator"]): r for r in story.rows("postgres", "SELECT * FROM api.profile(%s, %s)", school.code, OPEN)}
            shown = story.rows(role, "SELECT * FROM api.profile(%s, %s)", school.code, OPEN)
            assert {(r["form"], r["indicator"]) for r in shown} == {
                k for k in everything if sight.of({"school": school.code, "district": school.district}, [k[1]])}, role
            for row in shown:
                full = everything[row["form"], row["indicator"]]
                assert row == (full if school.district in sight.districts else full | dict.fromkeys(beside)), role


# ---- under one's own login -------------------------------------------------------------------------------------


def test_an_official_asks_under_the_own_login(story, logins):
    official = logins[0]
    for args in (["progress", "--plan", "longtan-145"], ["result", "--plan", "longtan-145"], ["missing"], ["completeness"], ["trend", PUPILS], ["rank", PUPILS, OPEN],
                 ["distribution", PUPILS, OPEN], ["punctuality"], ["drill", COUNTY, OPEN, PUPILS], ["profile", story.schools[0].code], ["review", COUNTY, OPEN],
                 ["kept"], ["coverage", "--period", OPEN], ["totals", COUNTY, OPEN], ["breaches"], ["outliers"], ["circular", COUNTY, OPEN],
                 ["export", "totals", "--period", OPEN, "--csv"], ["schools", "--district", "220200"], ["calendar", "list"]):
        assert story.ctl(official, *args).stdout, args
    rows = json.loads(story.ctl(official, "completeness", "--period", OPEN, "--json").stdout)
    assert {row["district"] for row in rows} == {COUNTY}  # the own one, when none is named
    for args in (["missing", "--district", CITY], ["completeness", "--district", CITY], ["trend", PUPILS, "--district", CITY], ["drill", CITY, OPEN, PUPILS],
                 ["totals", CITY, OPEN], ["review", CITY, OPEN], ["punctuality", "--district", CITY], ["circular", CITY, OPEN], ["balance", CITY],
                 ["progress", "--district", CITY]):
        assert "220200" in story.ctl(official, *args, ok=77).stderr, args
    assert story.schools[-1].code in story.ctl(official, "profile", story.schools[-1].code, ok=77).stderr
    for args in (["review", "seen", COUNTY, OPEN, "--all"], ["calendar", "open", "2030-01"], ["access", "grant", official, "auditor"], ["rejections"]):
        assert "yuebao_admin" in story.ctl(official, *args, ok=77).stderr, args


def test_what_others_may_not_ask_is_said(story, logins):
    inspector, department, stranger = logins[3], logins[4], logins[6]
    for args in (["missing"], ["progress"], ["kept"], ["figure", story.schools[0].code, OPEN, PUPILS]):
        assert "access grant" in story.ctl(stranger, *args, ok=77).stderr, args  # "nothing is missing" would be a lie
    assert story.ctl(stranger, "schools").stdout and "catalogue" in story.ctl(stranger, "access").stdout
    for args in (["completeness"], ["rank", PUPILS, OPEN], ["progress"], ["punctuality"], ["trend", PUPILS]):
        assert "no district whole" in story.ctl(inspector, *args, ok=77).stderr, args
    assert story.ctl(inspector, "missing").stdout and story.ctl(inspector, "punctuality", "--schools").stdout
    for args in (["result"], ["review", COUNTY, OPEN], ["circular", COUNTY, OPEN]):
        assert "whole reports" in story.ctl(department, *args, ok=77).stderr, args
    unseen = next(i for _, i in story.forms if i not in story.logins[department].indicators)
    assert unseen in story.ctl(department, "trend", unseen, ok=77).stderr
    assert story.ctl(department, "trend", PUPILS).stdout
    assert "none of the indicators that are compared" in story.ctl(story.login("department", PUPILS), "balance", COUNTY, ok=77).stderr
    for args in (["missing", "--period", OPEN], ["missing", "--period", OPEN, "--text"], ["schools"], ["punctuality", "--schools"]):
        assert "never" not in story.ctl(department, *args).stdout, args  # untold is not "never"
    assert "never" in story.ctl(logins[0], "missing", "--period", OPEN).stdout
    assert "never heard" in story.ctl(logins[0], "missing", "--period", OPEN, "--text").stdout


def test_granting_and_taking_back(story):
    database = story.world.database
    done = database.ctl("access", "grant", "new.comer", "official", COUNTY, "--from", "2020-01-01", "--to", "2099-12-31", "--lang", "en").stdout
    assert "Longtan" in done and 'CREATE ROLE "new.comer" LOGIN; GRANT yuebao_reader TO "new.comer";' in done and "no login yet" in done
    rows = json.loads(database.ctl("access", "show", "new.comer", "--json").stdout)
    assert [(r["kind"], r["district"], r["from_day"], r["until_day"], r["state"]) for r in rows] == [("official", COUNTY, "2020-01-01", "2099-12-31", "no_login")]
    assert "already" in database.ctl("access", "grant", "new.comer", "official", COUNTY, "--from", "2020-01-01", "--to", "2099-12-31", "--lang", "en").stdout
    for status, args in ((64, ["grant", "new.comer", "boss"]), (64, ["grant", "new.comer", "official"]), (64, ["grant", "new.comer"]), (64, ["revoke"]),
                         (65, ["grant", "new.comer", "official", "999999"]), (64, ["grant", "new.comer", "official", "22"]),
                         (65, ["grant", "new.comer", "auditor"]), (64, ["grant", "new.comer", "official", CITY, "--district", CITY]),
                         (65, ["grant", "other", "inspector", "nobody"]), (65, ["grant", "other", "department", "nothing"]), (64, ["grant", "other", "auditor", "x"]),
                         (65, ["grant", "yuebao_admin", "auditor"]), (64, ["grant", "other", "auditor", "--from", "2026-13-01"]),
                         (64, ["grant", "other", "auditor", "--from", "2026-02-01", "--to", "2026-01-01"]), (65, ["revoke", "other"]),
                         (65, ["revoke", "new.comer", CITY]), (64, ["show"]), (64, ["list", "more"]), (64, ["--from", "2026-01-01"])):
        database.ctl("access", *args, ok=status)
    assert database.value("SELECT count(*) FROM yuebao.access WHERE role IN ('new.comer', 'other')") == 1  # nothing came of those
    database.ctl("access", "grant", "new.comer", "official", CITY)
    database.ctl("access", "revoke", "new.comer", COUNTY)
    assert [r["district"] for r in json.loads(database.ctl("access", "show", "new.comer", "--json").stdout)] == [CITY]
    assert "catalogue" in database.ctl("access", "revoke", "new.comer", "--lang", "en").stdout
    assert database.value("SELECT count(*) FROM yuebao.audit_log WHERE action LIKE 'access %%' AND detail ->> 'role' = %s", "new.comer") == 4
