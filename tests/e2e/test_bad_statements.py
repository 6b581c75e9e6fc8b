"""bad/statements.py through the collector: each is refused with exactly what its row says, and nothing of it is stored."""

import pytest

import contract
from contract import pb
from world import CLOSED as CLOSED_PERIOD

from bad import country, sheets, statements
from bad.statements import ALL, LAWFUL, OF_NO_STATEMENT


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    world = country.make(cluster, authority, scratch, "bad_statements")
    world.enrol(country.PRIMARY)
    yield world
    world.close()


@pytest.fixture(scope="module")
def session(world):
    with world.greeted(country.PRIMARY) as session:
        yield session


def number_of(world, indicator):
    return world.catalogue.number(indicator) if isinstance(indicator, str) and indicator else indicator or 0


def statement_of(world, case, **chain):
    texts = {**(country.LEAN if case.lean else {}), **case.figures}
    figures = country.figures_of(world.catalogue, {code: text for code, text in texts.items() if text is not None})

    def edit(s):
        for indicator, rule, text in case.explanations:
            s.explanation.add(indicator=number_of(world, indicator), rule=rule, text=text)
        for name, value in case.fields.items():
            setattr(s, name, value)
        if case.edit:
            case.edit(s)

    missing = {world.catalogue.number(code): reason for code, reason in case.missing.items()}
    return world.statement(country.PRIMARY, figures, missing=missing, edit=edit, **chain) + case.tail


def same(wanted, told):
    return wanted.fullmatch(told) is not None if hasattr(wanted, "fullmatch") else wanted == told


def assert_said(world, case, told):
    """One finding after the other; a pattern stands for what no table can know."""
    as_read = [(pb.FindingCode.Name(f.code), pb.Severity.Name(f.severity), f.indicator, f.found, f.bound, f.rule) for f in told]
    wanted = [(w.code, w.severity, number_of(world, w.indicator), w.found, w.bound, w.rule) for w in case.said]
    assert len(as_read) == len(wanted) and all(same(w, t) for ws, ts in zip(wanted, as_read) for w, t in zip(ws, ts)), \
        f"{case.name}:\n  told   {as_read}\n  wanted {wanted}"


def test_the_table_is_long_enough():
    names = [case.name for case in ALL]
    assert len(set(names)) == len(names)
    assert len(names) + len(sheets.ALL) >= 150 and len(names) >= 120
    of_the_wire = {name for name, number in pb.FindingCode.items() if 0 < number < 80} - {"PERIOD_CLOSED", "NOT_STORABLE", "FORM_NOT_SENT"}
    assert {f.code for case in ALL for f in case.said} == of_the_wire


@pytest.mark.parametrize("case", ALL, ids=[c.name for c in ALL])
def test_refused_with_exactly_this(world, session, case):
    sent = statement_of(world, case)
    envelope = world.envelope(country.PRIMARY, sent)
    for name, value in case.spoil.items():
        setattr(envelope, name, value)
    verdict = session.submit(envelope)
    assert verdict.WhichOneof("outcome") == "reject" and not verdict.reject.more, verdict
    assert_said(world, case, verdict.reject.finding)
    assert verdict.id == (b"" if case.said[0].code in OF_NO_STATEMENT else contract.statement_id(sent))


def test_what_is_at_the_bound_is_accepted(world, session):
    """One slot, revision after revision: whoever refused too much would break the chain."""
    previous = b""
    for n, case in enumerate(LAWFUL, 1):
        sent = statement_of(world, case, revision=n, previous=previous)
        verdict = session.submit(world.envelope(country.PRIMARY, sent))
        assert verdict.HasField("receipt"), (case.name, verdict)
        previous = verdict.id
    assert len(world.revisions(country.PRIMARY)) == len(LAWFUL), "and of all that was refused before, nothing"
    world.assert_books_agree()


def test_after_the_close_it_is_kept(world, session):
    sent = statement_of(world, statements.figure("lawful", []), period=CLOSED_PERIOD)
    assert session.submit(world.envelope(country.PRIMARY, sent)).HasField("kept")


def test_all_at_once_errors_first(world, session):
    """Many faults in one statement: the slot, its fields, the figures by number, the rules by name; warnings behind the errors."""
    spoilt = statements.Bad("everything", [], figures={
        "pupils": "5001", "boarders": "5002", "overfull_classes": "1/8", "attendance": "350.0/9999.0", "pass_rate": "3/0", "land": "-1"},
        fields=dict(filler="", revision=0))
    told = session.submit(world.envelope(country.PRIMARY, statement_of(world, spoilt))).reject.finding
    assert [(pb.FindingCode.Name(f.code), f.rule) for f in told] == [
        ("NAME_MISSING", ""), ("BAD_REVISION", ""), ("ABOVE_MAX", ""), ("ABOVE_MAX", ""), ("BELOW_MIN", ""), ("BELOW_MIN", ""), ("DENOMINATOR_ZERO", ""),
        ("EXPLANATION_MISSING", "attended_within"), ("RULE_BROKEN", "boarders_within"), ("RULE_BROKEN", "overfull_of_classes"),
        ("EXPLANATION_MISSING", "water_enough"), ("RULE_BROKEN", "attended_within"), ("RULE_BROKEN", "water_enough")]
