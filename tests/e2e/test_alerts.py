"""Thresholds and alerts: random revisions from two machines, dying workers and a watch whose link is cut, against a model in Python; and the administrator's
side of it."""

import csv
import json
import os
import random
import signal
import subprocess
import threading
from decimal import Decimal
from fractions import Fraction

import pytest

import contract
from contract import pb
from house import BUILD, environment, wait_for
from machines import Run
from two_machines import rows_of
from world import first_day, OPEN

from bad import country

SEED = int(os.environ.get("YUEBAO_SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)
OPERATIONS = 160

COLUMNS = ["threshold", "indicator", "level", "district", "kind", "direction", "bound", "severity", "name_zh", "name_en", "valid_from", "valid_until", "note"]
LIMITS = [  # for schools, in the order of COLUMNS up to bound
    ("crowded", "pupils", "school", "990100", "", "above", "500"),
    ("small", "pupils", "school", "", "primary", "below", "200"),
    ("unfit", "pass_rate", "school", "990000", "", "below", "0.4"),
    ("pay", "pay_ratio", "school", "", "", "above", "1.5"),
    ("debt", "balance", "school", "", "", "below", "-500"),
    ("juniors", "juniors", "school", "", "junior", "above", "2500"),
    ("not_meant", "juniors", "school", "", "primary", "above", "0"),
    ("weekly", "late_comers", "school", "", "", "above", "50"),
    ("city", "pupils", "prefecture", "", "", "above", "450"),
    ("country", "pupils", "district", "", "", "below", "300"),
    ("city_rate", "pass_rate", "prefecture", "990000", "", "above", "0.5"),
    ("hours", "opening_hours", "nation", "", "", "above", "8"),
]


def write(path, limits, **cells):
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for limit in limits:
            row = dict(zip(COLUMNS, limit), severity="warning", name_zh=f"{limit[0]} 越线", name_en=f"{limit[0]} beyond", valid_from="2000-01-01")
            writer.writerow({**row, **cells})
    return path


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    world = country.make(cluster, authority, scratch, "alerts")
    yield world
    world.close()


# ---- the model -----------------------------------------------------------------------------------------------------------


def figure_of(indicator, schools, value, denominator):
    """What is judged, exactly; None where there is no figure."""
    if not schools:
        return None
    figure = Fraction(value, 10 ** indicator.decimals)
    if indicator.measure in (pb.RATIO, pb.QUOTIENT):
        below = Fraction(denominator, 10 ** indicator.denominator_decimals)
        return figure / below if below else None
    return figure / schools if indicator.over_schools == pb.SCHOOLS_MEAN else figure


def shown(figure):
    """As schema api shows it: six decimals, halves away from zero."""
    if figure is None:
        return None
    sign, scaled = (-1 if figure < 0 else 1), abs(figure) * 10 ** 6
    return sign * Decimal(int(scaled + Fraction(1, 2))).scaleb(-6)


class Limits:
    """What alerts there must be, from the chains of accepted statements alone."""

    def __init__(self, catalogue, limits):
        self.catalogue = catalogue
        self.limits = [dict(zip(COLUMNS, limit)) for limit in limits]

    def beyond(self, limit, figure):
        bound = Fraction(limit["bound"])
        return figure is not None and (figure > bound if limit["direction"] == "above" else figure < bound)

    def asks(self, limit, form):
        message, number = self.catalogue.forms[form], self.catalogue.number(limit["indicator"])
        return number in [*message.required, *message.optional] and limit["kind"] in ("", form.split(".")[0])

    def judged(self, limit, sent):
        indicator = self.catalogue.by_code[limit["indicator"]]
        missing, value, denominator = rows_of(sent).get(indicator.number, (None, None, None))
        return figure_of(indicator, value is not None, value, denominator)

    def of_schools(self, model):
        """(limit, school, form, first day) -> the alerts in order: statement, before, figure; cleared by, to."""
        alerts = {}
        for limit in self.limits:
            for (school, form, period), slot in model.slots.items():
                if limit["level"] == "school" and self.asks(limit, form):
                    made = self.crossings(limit, slot.chain)
                    if made:
                        alerts[limit["threshold"], school, form, first_day(period)] = made
        return alerts

    def crossings(self, limit, chain):
        made, before = [], None
        for sent in chain:
            figure = self.judged(limit, sent)
            was, now = self.beyond(limit, before), self.beyond(limit, figure)
            if now and not was:
                made.append([sent.id.hex(), shown(before), shown(figure), None, None])
            elif was and not now:
                made[-1][3:] = [sent.id.hex(), shown(figure)]
            before = figure
        return made

    def open_now(self, model):
        """Every open alert at rest: (limit, school or district, first day) -> None, or the figure of a district."""
        found = {(key[0], key[1], key[3]) for key, made in self.of_schools(model).items() if made[-1][3] is None}
        sums = {}
        for (_, form, period, number), (_, value, denominator) in model.figures().items():
            for limit in self.limits:
                if limit["level"] != "school" and self.catalogue.number(limit["indicator"]) == number and self.asks(limit, form):
                    cell = sums.setdefault((limit["threshold"], period), [limit, 0, 0, 0])
                    cell[1:] = [cell[1] + (value is not None), cell[2] + (value or 0), cell[3] + (denominator or 0)]
        for (threshold, period), (limit, *cell) in sums.items():
            if self.beyond(limit, figure_of(self.catalogue.by_code[limit["indicator"]], *cell)):
                place = {"prefecture": "990100", "nation": "990000", "district": limit["district"] or "990000"}[limit["level"]]
                found.add((threshold, place, first_day(period)))
        return found


# ---- the house -----------------------------------------------------------------------------------------------------------


class Watch:
    """yuebaoctl alerts watch --json, read as it speaks."""

    def __init__(self, database, *options):
        self.lines = []
        self.process = subprocess.Popen([str(BUILD / "server" / "ctl" / "yuebaoctl"), "alerts", "watch", "--json", *options, "--db", database.conninfo()],
                                        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=lambda: self.lines.extend(json.loads(line) for line in self.process.stdout))
        self.reader.start()

    def states(self):
        """The last that was told of each alert."""
        return {line["alert"]: line["state"] for line in list(self.lines)}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.reader.join()
        errors = self.process.stderr.read()
        assert self.process.wait() == 0, errors
        return errors


def alerts_of_schools(database):
    found = {}
    for threshold, school, form, day, *alert in database.rows(
            """SELECT threshold, school, form, first_day, statement, before, figure, cleared_statement, cleared_figure FROM api.alert
               WHERE level = 'school' ORDER BY alert"""):
        found.setdefault((threshold, school, form, day), []).append(alert)
    return found


def open_alerts(database):
    return {tuple(row) for row in database.rows("SELECT threshold, coalesce(school, district::text), first_day FROM api.alert WHERE state = 'open'")}


def at_rest(database):
    return database.value("SELECT NOT EXISTS (SELECT FROM yuebao.total_to_judge)")


def cut_links_of(database, program):
    return database.value("""SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                             WHERE datname = current_database() AND application_name = %s) AS cut""", program)


CHANGED = [("crowded", "pupils", "school", "990100", "", "above", "400"), ("many", "classes", "school", "", "", "above", "20")]


def test_every_crossing_makes_one_alert(world, tmp_path):
    print(f"YUEBAO_SEED={SEED}")
    database, catalogue = world.database, world.catalogue
    database.ctl("import", write(tmp_path / "thresholds.csv", LIMITS))
    run = Run(world, world.enrol(country.PRIMARY), SEED)
    watch = Watch(database, "--since", "0")
    run.go(OPERATIONS // 2)
    assert cut_links_of(database, "yuebaoctl") == 1
    # limits change while the machines send
    importing = threading.Thread(target=database.ctl, args=("import", write(tmp_path / "more.csv", CHANGED, severity="critical")))
    importing.start()
    run.go(OPERATIONS // 2)
    importing.join()
    wait_for("totals to be judged", lambda: at_rest(database))

    changed = {limit[0] for limit in CHANGED}
    same = [limit for limit in LIMITS if limit[0] not in changed]
    assert {key: made for key, made in alerts_of_schools(database).items() if key[0] not in changed} == Limits(catalogue, same).of_schools(run.model), f"seed {SEED}"
    assert open_alerts(database) == Limits(catalogue, [*same, *CHANGED]).open_now(run.model), f"seed {SEED}"
    assert database.value("""SELECT count(*) FROM yuebao.alert AS a JOIN yuebao.report AS r ON r.id = a.statement JOIN yuebao.threshold AS t USING (threshold)
                             WHERE t.code <> ALL (%s) AND r.xmin <> a.batch::xid""", list(changed)) == 0, "the batch is the transaction of the report"

    states = dict(database.rows("SELECT alert, state FROM api.alert"))
    wait_for("the watch to have told all", lambda: watch.states() == states)
    errors = watch.end()
    assert len({(line["alert"], line["state"]) for line in watch.lines}) == len(watch.lines), "nothing is told twice"
    assert errors, "it said that its link was lost"


# ---- the administrator ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column, value", [
    ("threshold", "Crowded"), ("indicator", "nobody"), ("level", "town"), ("level", "province"), ("district", "990199"), ("kind", "college"),
    ("direction", "at_most"), ("bound", "1.2345678"), ("bound", ""), ("severity", "error"), ("name_zh", ""), ("valid_until", "1999-12-31")])
def test_a_fault_is_named_and_nothing_changes(world, tmp_path, column, value):
    path = write(tmp_path / "thresholds.csv", LIMITS[:1], **{column: value})
    before = world.database.rows("SELECT * FROM api.threshold ORDER BY threshold")
    (fault,) = json.loads(world.database.ctl("import", path, "--json", ok=65).stdout)
    assert (fault["file"], fault["row"], fault["column"], fault["value"]) == (str(path), 2, column, value)
    assert world.database.rows("SELECT * FROM api.threshold ORDER BY threshold") == before


def table(done):
    return json.loads(done.stdout)


def test_limits_come_change_and_go(world, tmp_path):
    database = world.database
    key = world.enrol(country.OTHER)
    before = {row["alert"] for row in table(database.ctl("alerts", "--all", "--json"))}
    figures = country.figures_of(world.catalogue, {**country.LEAN, "pupils": "480"})
    made = contract.statement(country.OTHER.code, "primary.monthly", OPEN, world.catalogue.hash, figures)
    world.opened(lambda s: s.hello(country.OTHER.code, key)).put(contract.envelope(key, made))

    def mine(*options):
        return [row for row in table(database.ctl("alerts", "--json", *options)) if row["alert"] not in before and row["school"] == country.OTHER.code]

    (alert,) = mine("--district", "990100", "--period", OPEN, "--indicator", "pupils")
    assert (alert["threshold"], alert["figure"], alert["before"], alert["state"], alert["level"]) == ("crowded", "480", None, "open", "school")
    assert mine("--indicator", "classes") == []

    path = write(tmp_path / "thresholds.csv", [("crowded", "pupils", "school", "990100", "", "above", "480")], severity="critical")
    assert "1 " in database.ctl("import", path, "--dry-run", "--lang", "en").stdout
    assert mine() == [alert], "a dry run changes nothing"
    said = database.ctl("import", path, "--lang", "en").stdout
    assert "480" in said and "made or cleared" in said, said
    assert mine() == []
    (cleared,) = mine("--all")
    assert (cleared["state"], cleared["cleared_why"], cleared["cleared_statement"]) == ("cleared", "threshold", None)
    assert "没有变化" in database.ctl("import", path, "--lang", "zh").stdout, "the same file changes nothing"

    write(path, [("crowded", "pupils", "school", "990100", "", "above", "479.5")])
    database.ctl("import", path)
    (again,) = mine()
    assert again["alert"] > alert["alert"] and again["statement"] == alert["statement"] and again["severity"] == "warning"
    database.ctl("import", path, "--remove-missing")
    assert [row["threshold"] for row in table(database.ctl("alerts", "limits", "--json"))] == ["crowded"]
    assert {row["threshold"] for row in table(database.ctl("alerts", "--json"))} <= {"crowded"}
    assert len(table(database.ctl("alerts", "limits", "--all", "--json"))) == len({limit[0] for limit in [*LIMITS, *CHANGED]})
    told = database.ctl("alerts", "limits", "--all", "--lang", "zh").stdout
    assert all(word in told for word in ("各校", "市级", "该区划", "小学", "初中")) and " school " not in told


def test_somebody_takes_note(world):
    database = world.database
    number = str(database.value("SELECT max(alert) FROM api.alert WHERE state = 'open'"))
    watch = Watch(database)
    wait_for("the watch to listen", lambda: database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'yuebaoctl' AND state = 'idle'"))
    (row,) = table(database.ctl("alerts", "seen", number, "--note", "已电话核实", "--json"))
    assert (row["alert"], row["outcome"]) == (int(number), "seen")
    wait_for("the watch to say so", lambda: [line["seen_note"] for line in watch.lines] == ["已电话核实"])
    watch.end()
    assert int(number) not in {row["alert"] for row in table(database.ctl("alerts", "--json"))}, "what was seen is out of the way"
    assert int(number) in {row["alert"] for row in table(database.ctl("alerts", "--all", "--json"))}
    (row,) = table(database.ctl("alerts", "seen", number, "--note", "又一次", "--json"))
    assert row["outcome"] == "seen before"
    assert database.value("SELECT seen_note FROM api.alert WHERE alert = %s", number) == "已电话核实", "the first words stay"
    assert "999999" in database.ctl("alerts", "seen", "999999", ok=65).stderr
    assert database.ctl("alerts", "seen", "x", ok=64) and database.ctl("alerts", "seen", ok=64) and database.ctl("alerts", "watch", "--all", ok=64)
    assert database.ctl("alerts", "watch", "--csv", ok=64)
    said = database.ctl("alerts", "--lang", "en").stdout
    assert "seen" in said and "--all" in said, said
    said = database.ctl("alerts", "--all", "--lang", "zh").stdout
    assert "已解除" in said and "未解除" in said and "已电话核实" in said, said
    assert "越过" in database.ctl("alerts", "limits", "--lang", "zh").stdout
