"""What was accepted has its receipt, whatever the register and the calendar say by the time it is asked for again."""

import itertools
import json

import pytest

import contract
from contract import pb
from house import wait_for
from world import CLOSED, OPEN, first_day


def revoke_key(world, school, period):
    world.database.run("UPDATE yuebao.school_key k SET revoked_at = now() FROM yuebao.school s "
                       "WHERE s.school = k.school AND s.code = %s AND k.key = %s", school.code, world.keys[school.code].public)


def close_school(world, school, period):
    world.database.run("UPDATE yuebao.school SET closed_on = %s::date - 1 WHERE code = %s", first_day(period), school.code)


def change_kind(world, school, period):
    world.database.run("UPDATE yuebao.school SET kind = 'special' WHERE code = %s", school.code)


WINDOW = " WHERE period = %s AND form = (SELECT form FROM yuebao.form WHERE code = %s)"


def remove_window(world, school, period):
    world.database.run("DELETE FROM yuebao.calendar" + WINDOW, first_day(period), f"{school.kind}.monthly")


def postpone_window(world, school, period):
    world.database.run("UPDATE yuebao.calendar SET opens_at = now() + '1 day', due_at = now() + '2 days', closes_at = now() + '3 days'"
                       + WINDOW, first_day(period), f"{school.kind}.monthly")


def change_catalogue(world, school, period):
    """Another one governs, and it has an indicator less: the old statement is wrong in more ways than one."""
    catalogue = pb.Catalogue.FromString(bytes(world.database.value(
        "SELECT bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1")))
    catalogue.made_ms += 1
    (form,) = [f for f in catalogue.form if f.code == f"{school.kind}.monthly"]
    del form.required[0]
    world.database.run("WITH b AS (SELECT %s::bytea AS bytes) INSERT INTO yuebao.catalogue (hash, bytes) SELECT sha256(bytes), bytes FROM b",
                       catalogue.SerializeToString())
    world.database.run("UPDATE yuebao.calendar SET catalogue = (SELECT max(catalogue) FROM yuebao.catalogue)" + WINDOW,
                       first_day(period), f"{school.kind}.monthly")


# What changed, for a school of which kind (the calendar is changed for the whole kind), and what is then found.
CHANGES = [
    ("key revoked", revoke_key, "primary", OPEN, "KEY_NOT_OF_SCHOOL"),
    ("school closed", close_school, "primary", OPEN, "SCHOOL_NOT_OPEN"),
    ("school closed, kept", close_school, "primary", CLOSED, "SCHOOL_NOT_OPEN"),
    ("kind changed", change_kind, "primary", OPEN, "FORM_NOT_OF_KIND"),
    ("window removed", remove_window, "junior", OPEN, "PERIOD_NOT_IN_CALENDAR"),
    ("window removed, kept", remove_window, "junior", CLOSED, "PERIOD_NOT_IN_CALENDAR"),
    ("window postponed", postpone_window, "vocational", OPEN, "PERIOD_NOT_OPEN"),
    ("another catalogue", change_catalogue, "senior", OPEN, "WRONG_CATALOGUE"),
]


def stored(session, envelope):
    """The Answer's bytes, once there is one."""
    def answer():
        reply = session.put(envelope)
        return reply.WhichOneof("body") == "answer" and reply.answer.SerializeToString()
    return wait_for("an answer", answer)


def codes(verdict):
    return {pb.FindingCode.Name(f.code) for f in verdict.reject.finding}


seeds = itertools.count(1)


def refused(world, school, session, period=OPEN, key=None):
    """What a statement that was never sent before is refused for; empty while it is not (it conflicts, or is kept)."""
    never = world.envelope(school, world.statement(school, world.lawful(school, seed=next(seeds)), period=period), key)
    return codes(session.submit(never))


@pytest.mark.parametrize("change, kind, period, code", [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_repeat_gets_its_first_answer(world, change, kind, period, code):
    school, _ = world.enrolled(kind)
    sent = world.envelope(school, world.statement(school, world.lawful(school), period=period))
    with world.greeted(school) as session:
        first = stored(session, sent)
        outcome = contract.verdict_of(pb.Answer.FromString(first), session.welcome.server_key).WhichOneof("outcome")
        assert outcome == ("receipt" if period == OPEN else "kept")
        change(world, school, period)
        assert code in wait_for("the collector to know", lambda: refused(world, school, session, period))
        assert stored(session, sent) == first, "byte for byte"
        assert code in refused(world, school, session, period), "what the books do not have is refused as ever"
    told = wait_for("a memory of the refusal", lambda: [
        row for row in json.loads(world.database.ctl("rejections", "--limit", "500", "--json").stdout)
        if row["finding"] == code])
    assert told
    assert len(world.revisions(school, period)) == (1 if period == OPEN else 0)


def test_of_a_revoked_key_on_the_next_keys_session(world):
    """The clerk enrols again, and the outbox sends what the old key signed."""
    school, old = world.enrolled()
    sent = world.envelope(school, world.statement(school, world.lawful(school)), old)
    with world.greeted(school) as session:
        first = stored(session, sent)
    revoke_key(world, school, OPEN)
    world.enrol(school)
    with world.greeted(school) as session:
        wait_for("the collector to know", lambda: refused(world, school, session, key=old) == {"KEY_NOT_OF_SCHOOL"})
        assert stored(session, sent) == first


def test_strangers_learn_nothing(world):
    """The statement of another school under a stranger's key: a reject that names nothing, though the books have it."""
    school, _ = world.enrolled()
    stranger, key = world.enrolled()
    statement = world.statement(school, world.lawful(school))
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("receipt")
    with world.greeted(stranger) as session:
        verdict = session.submit(world.envelope(school, statement, key))
    assert codes(verdict) == {"KEY_NOT_OF_SCHOOL"} and verdict.id == b""
    world.assert_books_agree()
