"""One validator: random catalogues and statements find the same in the programs' own functions, in a collector, at a desk, and
in a plain model of the contract (model.py).

YUEBAO_SEED=<number> repeats a run; the number is printed.
"""

import datetime
import json
import random
import struct
import subprocess
from collections import Counter

import pytest

import contract
import made_up
import model
from contract import pb
from house import BUILD, environment, sanitizer_reports, wait_for
from sheet import Sheet, decimal
from world import first_day, month

CATALOGUES, STATEMENTS = 200, 30  # of each: 6,000 statements

REACHED = {  # by the functions that both ends use; the rest is about the envelope, the slot and the sheet
    "UNKNOWN_FORM", "BAD_PERIOD", "WRONG_CATALOGUE", "BAD_REVISION", "NAME_MISSING", "TEXT_TOO_LONG", "ARRAYS_DIFFER",
    "NOT_ASCENDING", "CORRECTION_REASON_MISSING", "TOO_MANY_FIGURES", "EXPLANATION_MISSING", "UNKNOWN_RULE", "UNKNOWN_INDICATOR",
    "INDICATOR_NOT_IN_FORM", "REQUIRED_FORGOTTEN", "BELOW_MIN", "ABOVE_MAX", "NUMERATOR_OVER_DENOMINATOR", "DENOMINATOR_ZERO",
    "DENOMINATOR_NEGATIVE", "DENOMINATOR_UNEXPECTED", "BAD_REASON", "RULE_BROKEN",
}


@pytest.fixture
def dice():
    return random.Random(made_up.seed())


def listed(findings, more=False):
    return "".join(f"\n    {f}" for f in findings) + ("\n    and more" if more else "")


def assert_same(statement, said, expected):
    """Both are ([Finding], more)."""
    assert said == expected, f"of\n{statement}\nthe program finds:{listed(*said)}\nthe model:{listed(*expected)}"


# ---- the functions that both ends use --------------------------------------------------------------------------


def record(data):
    return struct.pack(">I", len(data)) + data


def judged(records):
    """The Rejects of tests/unit/judge.c."""
    done = subprocess.run([str(BUILD / "tests" / "unit" / "judge")], input=b"".join(records), env=environment(), timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode() + sanitizer_reports()
    at, rejects = 0, []
    while at < len(done.stdout):
        (size,) = struct.unpack_from(">I", done.stdout, at)
        rejects.append(pb.Reject.FromString(done.stdout[at + 4:at + 4 + size]))
        at += 4 + size
    return rejects


def of_reject(reject):
    return [model.of_message(f) for f in reject.finding], reject.more


def test_the_programs_and_the_model(dice):
    records, cases, seen, sizes = [], [], Counter(), Counter()
    for n in range(CATALOGUES):
        message = made_up.catalogue(dice, size=400 if n % 50 == 0 else None)
        data, digest = made_up.packed(message)
        catalogue = model.Catalogue(message, digest)
        for m in range(STATEMENTS):
            statement = made_up.statement(dice, message, digest)
            records += [record(data if m == 0 else b""), record(statement.SerializeToString())]
            cases.append((catalogue, statement))
    rejects = judged(records)
    assert len(rejects) == len(cases)
    for (catalogue, statement), reject in zip(cases, rejects):
        said = of_reject(reject)
        assert_same(statement, said, model.judge(catalogue, statement))
        seen.update({f.code for f in said[0]} | {("warning", f.code) for f in said[0] if f.severity == "WARNING"})
        sizes["none" if not said[0] else "cut" if said[1] else "warnings" if said[0][0].severity == "WARNING" else "errors"] += 1
    assert REACHED | {("warning", "RULE_BROKEN")} == set(seen), set(seen) ^ REACHED
    assert min(sizes[kind] for kind in ("none", "cut", "warnings", "errors")) > 0, sizes
    assert sizes["none"] + sizes["warnings"] > len(cases) / 20, sizes


# ---- a collector and a desk ------------------------------------------------------------------------------------

KINDS = ["junior", "primary"]
MONTHS = [month(n) for n in range(6, 14)]  # a catalogue each; the others have windows of their own


def govern(database, period, data, digest):
    """Make a catalogue the one of that month, as no administrator could: its indicators are nobody's."""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    database.run("INSERT INTO yuebao.catalogue (hash, bytes) VALUES (%s, %s)", digest, data)
    database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                    SELECT form, %s, %s, %s, %s, (SELECT catalogue FROM yuebao.catalogue WHERE hash = %s)
                    FROM yuebao.form WHERE code = ANY (%s)""",
                 first_day(period), now - 9 * day, now + day, now + 9 * day, digest, [f"{kind}.monthly" for kind in KINDS])


@pytest.fixture(scope="module")
def governed(world):
    """month -> (message, digest); the world's collector and its desks go by them."""
    dice = random.Random(made_up.seed())
    of_month = {}
    for period in MONTHS:
        message = made_up.catalogue(dice, [f"{kind}.monthly" for kind in KINDS], size=dice.choice([2, 8, 20, 40]))
        data, digest = made_up.packed(message)
        govern(world.database, period, data, digest)
        of_month[period] = message, digest
    school, _ = world.enrolled("primary")
    newest = of_month[MONTHS[-1]][1]
    with world.greeted(school) as session:
        wait_for("the collector to know the new windows", lambda: newest in {w.catalogue for w in windows_of(session, MONTHS[-1])})
    return of_month


def windows_of(session, period):
    return [w for w in session.agenda().window if w.period == period]


def test_a_collector_and_the_model(world, governed, dice):
    outcomes = Counter()
    for period, (message, digest) in governed.items():
        catalogue = model.Catalogue(message, digest)
        school, key = world.enrolled(dice.choice(KINDS))
        statements = []
        for _ in range(40):
            s = made_up.statement(dice, message, digest, f"{school.kind}.monthly", (*made_up.FIGURE_BREAKS, made_up.a_correction))
            s.school, s.period = school.code, period
            statements.append(s)
        with world.greeted(school) as session:
            numbers = [session.send(put=pb.Put(envelope=contract.envelope(key, s.SerializeToString()))) for s in statements]
            for number, s in zip(numbers, statements):
                outcomes[compare_reply(session, session.answer_to(number), s, model.judge(catalogue, s))] += 1
    assert outcomes["receipt"] and outcomes["reject"] > 100, outcomes
    world.assert_books_agree()


def compare_reply(session, reply, statement, expected):
    """A reject says everything, warnings too; what is not rejected has no error. The outcome."""
    outcome = reply.WhichOneof("body")
    if outcome == "answer":
        verdict = contract.verdict_of(reply.answer, session.welcome.server_key)
        outcome = verdict.WhichOneof("outcome")
    if outcome == "reject":
        assert_same(statement, of_reject(verdict.reject), expected)
    else:
        assert outcome in ("receipt", "conflict", "wait"), reply
        assert all(f.severity == "WARNING" for f in expected[0]), f"{outcome} for\n{statement}\nthe model:{listed(*expected)}"
    return outcome


def fill(sheet, message, statement):
    indicators = {i.number: i for i in message.indicator}
    for number, value, denominator in zip(statement.indicator, statement.value, statement.denominator):
        i = indicators[number]
        sheet.set(i.code, "value", decimal(value, i.decimals))
        if i.measure in made_up.DIVIDED:
            sheet.set(i.code, "denominator", decimal(denominator, i.denominator_decimals))
    for number, reason in zip(statement.missing, statement.missing_reason):
        sheet.set(indicators[number].code, "reason", ["不适用", "暂未掌握", "未采集", "拒绝提供"][reason - 1])
    for explanation in statement.explanation:
        sheet.set(indicators[explanation.indicator].code, "explanation", explanation.text)


def test_a_desk_and_the_model(world, governed, dice):
    school = world.fresh("primary")
    desk = world.desk(school)
    kinds = Counter()
    for period, (message, digest) in governed.items():
        catalogue = model.Catalogue(message, digest)
        path = desk.home / f"{period}.csv"
        for _ in range(4):
            s = made_up.for_a_sheet(dice, message, digest, "primary.monthly")
            s.school, s.period = school.code, period
            desk("template", period, "-o", path, "--force")
            sheet = Sheet(path)
            fill(sheet, message, s)
            sheet.save(path)
            said = [model.Finding(f["code"], f["severity"].upper(), f.get("indicator", 0), f.get("rule", ""), f["found"], f["bound"])
                    for f in json.loads(desk("check", path, "--json", ok=None).stdout)["findings"]]
            expected, _ = model.judge(catalogue, s)
            assert_same(s, (sorted(said), False), (sorted(expected), False))
            kinds.update(f.code for f in said)
    assert len(kinds) >= 4 and kinds["RULE_BROKEN"], kinds
