"""What the bureau says about reports reaches the school's desk, and what the centre holds of a slot does: Notices and Holding."""

import datetime
import re
from pathlib import Path

import pytest

import contract
from contract import pb
from house import wait_for
from world import CLOSED, OPEN, first_day


def review(world, school, revision, verdict, note="", period=OPEN):
    """What `yuebaoctl review` writes, about the monthly report."""
    world.database.run(
        """INSERT INTO yuebao.review (district, period, school, form, revision, verdict, note)
           SELECT r.district, r.period, r.school, r.form, %s, %s, %s FROM yuebao.report r JOIN yuebao.school s USING (school)
           JOIN yuebao.form f USING (form) WHERE s.code = %s AND r.period = %s AND r.revision = 1 AND f.frequency = 'monthly'""",
        revision, verdict, note, school.code, first_day(period))


def receipt_key(world):
    """The collector's own: a decision is signed by it."""
    path = Path(re.search(r'receipt_key = "(.*)"', world.collector.config.read_text()).group(1))
    return contract.Key(bytes.fromhex(path.read_text().split()[1]))


def decide(world, school, statement, *, admitted, reason, period=CLOSED):
    """What `yuebaoctl kept` writes for a statement that stays out of the books (declined) or got in: the packed Answer."""
    s = pb.Statement.FromString(statement)
    at_ms = int(datetime.datetime.now().timestamp() * 1000)
    verdict = pb.Verdict(id=contract.statement_id(statement), school=s.school, form=s.form, period=s.period, revision=s.revision,
                         decided_ms=at_ms)
    if admitted:
        verdict.receipt.admitted, verdict.receipt.reason = True, reason
    else:
        verdict.declined.reason = reason
    key, data = receipt_key(world), verdict.SerializeToString()
    answer = pb.Answer(algorithm=contract.ED25519, key=key.public, verdict=data, signature=key.sign("yuebao-verdict-v1", data))
    packed = answer.SerializeToString()
    world.database.run(
        """INSERT INTO yuebao.decision (district, period, school, form, id, admitted, reason, decided_at, answer)
           SELECT k.district, k.period, k.school, k.form, k.id, %s, %s, to_timestamp(%s / 1000.0), %s FROM yuebao.kept k WHERE k.id = %s""",
        admitted, reason, at_ms, packed, contract.statement_id(statement))
    return packed


def accept(world, school, session, revision=1, previous=b"", seed=0, **kw):
    statement = world.statement(school, world.lawful(school, seed=seed), revision=revision, previous=previous, **kw)
    verdict = session.submit(world.envelope(school, statement))
    assert verdict.HasField("receipt"), verdict
    return contract.statement_id(statement)


def keep(world, school, session, seed=0):
    statement = world.statement(school, world.lawful(school, seed=seed), period=CLOSED)
    assert session.submit(world.envelope(school, statement)).HasField("kept")
    return statement


# ---- notices ---------------------------------------------------------------------------------------------------


def test_no_notices(world):
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        notices = session.notices()
    assert len(notices.notice) == 0 and not notices.more


def test_returned_until_corrected(world):
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        first = accept(world, school, session)
        review(world, school, 1, "returned", "人数与学籍不符，请核对")
        (notice,) = session.notices().notice
        assert (notice.id, notice.school, notice.form, notice.period, notice.revision) == (first, school.code, "primary.monthly", OPEN, 1)
        assert notice.returned.note == "人数与学籍不符，请核对"
        assert abs(notice.at_ms / 1000 - datetime.datetime.now().timestamp()) < 60
        second = accept(world, school, session, 2, first, seed=1)
        assert len(session.notices().notice) == 0, "a correction answers it"
        review(world, school, 2, "returned", "再核对")
        (notice,) = session.notices().notice
        assert (notice.id, notice.revision, notice.returned.note) == (second, 2, "再核对")
        review(world, school, 1, "returned", "旧")
        assert [n.revision for n in session.notices().notice] == [2], "of an old revision nothing is asked"
        review(world, school, 2, "seen")
        assert len(session.notices().notice) == 0, "the newest word counts"


def test_for_the_whole_institution_and_nobody_else(world):
    primary, junior = next((world.by_code[s.institution], s) for s in world.schools
                           if s.institution != s.code and s.institution not in world.keys)
    other, _ = world.enrolled()
    world.keys[junior.code] = world.enrol(primary)
    with world.greeted(primary) as session:
        accept(world, primary, session)
        accept(world, junior, session)
        review(world, primary, 1, "returned", "一")
        review(world, junior, 1, "returned", "二")
        told = [(n.school, n.returned.note) for n in session.notices().notice]
    assert told == [(junior.code, "二"), (primary.code, "一")], "newest first"
    with world.greeted(other) as session:
        assert len(session.notices().notice) == 0


@pytest.mark.parametrize("admitted", [False, True], ids=["declined", "admitted"])
def test_decisions(world, admitted):
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        statement = keep(world, school, session)
        assert len(session.notices().notice) == 0
        packed = decide(world, school, statement, admitted=admitted, reason="停电证明已核实")
        (notice,) = session.notices().notice
        assert notice.decision.SerializeToString() == packed, "the very answer"
        assert (notice.id, notice.school, notice.period) == (contract.statement_id(statement), school.code, CLOSED)
        verdict = contract.verdict_of(notice.decision, session.welcome.server_key)
        assert verdict.id == notice.id and verdict.decided_ms == notice.at_ms
        assert (verdict.receipt if admitted else verdict.declined).reason == "停电证明已核实"


def ctl_decide(world, verb, statement, reason):
    path = re.search(r'receipt_key = "(.*)"', world.collector.config.read_text()).group(1)
    world.database.ctl("kept", verb, contract.statement_id(statement).hex(), "--reason", reason, "--key", path)


@pytest.mark.parametrize("verb, outcome", [("admit", "receipt"), ("decline", "declined")])
def test_sent_again_it_gets_the_decision(world, verb, outcome):
    """After close; and when the period was opened again for the school, which declined figures do not enter by."""
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        statement = keep(world, school, session)
        envelope = world.envelope(school, statement)
        mark = world.collector.mark()
        ctl_decide(world, verb, statement, "停电证明已核实")
        (notice,) = session.notices().notice
        again = session.put(envelope).answer
        assert again == notice.decision
        verdict = contract.verdict_of(again, session.welcome.server_key)
        assert verdict.WhichOneof("outcome") == outcome
        assert verb == "decline" or (verdict.receipt.admitted and verdict.receipt.reason == "停电证明已核实")
        world.database.run(
            """INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
               SELECT f.form, %s, s.school, now() - interval '9 days', now() + interval '1 day', now() + interval '2 days', '再开放'
               FROM yuebao.form f CROSS JOIN yuebao.school s WHERE f.code = 'primary.monthly' AND s.code = %s""",
            first_day(CLOSED), school.code)
        wait_for("the period to be open", lambda: any(w.extension == "再开放" for w in session.agenda().window))
        assert session.put(envelope).answer == again
        if verb == "decline":
            assert world.collector.events("decided", mark)[-1]["school"] == school.code
            assert world.revisions(school, CLOSED) == [], "the slot is still free"
            accept(world, school, session, seed=1, period=CLOSED)
    world.assert_books_agree()


def test_at_most_a_hundred_and_what_fits(world):
    """130 decisions of 600 bytes of reason: neither a hundred nor all of them fit a frame, and the newest come."""
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        statements = [keep(world, school, session, seed=n) for n in range(130)]
        for statement in statements[:105]:
            decide(world, school, statement, admitted=False, reason="x")
        notices = session.notices()
        assert len(notices.notice) == 100 and notices.more
        assert notices.notice[0].id == contract.statement_id(statements[104])
        for statement in statements[105:]:
            decide(world, school, statement, admitted=False, reason="因" * 200)
        world.database.run("UPDATE yuebao.decision SET answer = d.answer FROM (SELECT answer FROM yuebao.decision WHERE id = %s) d "
                           "WHERE octet_length(decision.answer) < 500", contract.statement_id(statements[129]))
        reply = session.answer_to(session.send(notices=pb.NoticeRequest()))
    assert 40 < len(reply.notices.notice) < 100 and reply.notices.more
    assert contract.FRAME_MAX - 1500 < len(reply.SerializeToString()) <= contract.FRAME_MAX
    assert reply.notices.notice[0].id == contract.statement_id(statements[129])


def test_more_than_wait(world):
    """Each is answered or told to come again, and whoever greets meanwhile is let in."""
    school, _ = world.enrolled()
    other, _ = world.enrolled()
    with world.greeted(school) as session:
        numbers = [session.send(notices=pb.NoticeRequest()) for _ in range(200)]
        world.greeted(other).close()
        kinds = {session.answer_to(number).WhichOneof("body") for number in numbers}
        assert "notices" in kinds and kinds <= {"notices", "busy"}
        assert not session.notices().notice


# ---- holdings --------------------------------------------------------------------------------------------------


def test_holding(world):
    school, _ = world.enrolled()
    form = "primary.monthly"
    with world.greeted(school) as session:
        assert session.holding(school.code, form, OPEN) == pb.Holding(school=school.code, form=form, period=OPEN)
        first = accept(world, school, session)
        held = session.holding(school.code, form, OPEN)
        assert (held.revision, held.id) == (1, first) and held.envelope.key == world.keys[school.code].public
        statement = world.statement(school, world.lawful(school, seed=1), revision=2, previous=first)
        verdict = session.submit(world.envelope(school, statement))
        held = session.holding(school.code, form, OPEN)
        assert (held.revision, held.received_ms, held.envelope.statement) == (2, verdict.decided_ms, statement)
        keep(world, school, session)
        assert session.holding(school.code, form, CLOSED).revision == 0, "what is kept is not held"
        for form, period in (("primary.monthly", "2026-13"), ("primary.monthly", "2026"), ("primary.hourly", OPEN), ("x" * 49, OPEN)):
            reply = session.answer_to(session.send(holding=pb.HoldingRequest(school=school.code, form=form, period=period)))
            assert reply.WhichOneof("body") == "holding" and reply.holding.revision == 0


def test_holding_of_the_institution(world):
    primary, junior = next((world.by_code[s.institution], s) for s in world.schools
                           if s.institution != s.code and s.institution not in world.keys)
    other, _ = world.enrolled()
    world.keys[junior.code] = world.enrol(primary)
    with world.greeted(primary) as session:
        accepted = accept(world, junior, session)
        assert session.holding(junior.code, "junior.monthly", OPEN).id == accepted
    for code in (junior.code, "9999999", "x" * 33, ""):
        with world.greeted(other) as session:
            with pytest.raises(contract.Refused) as refused:
                session.holding(code, "junior.monthly", OPEN)
        assert refused.value.code == pb.FAULT_UNKNOWN_SCHOOL


@pytest.mark.parametrize("size, fits", [(65000, True), (65400, False)], ids=["just fits", "too large"])
def test_holding_of_a_large_envelope(world, size, fits):
    """What fitted a Put may not fit a Holding: then it is named, but left out."""
    school, _ = world.enrolled()

    def fill(s):
        while (left := size - s.ByteSize()) > 20:
            s.explanation.add(text="长" * (min(600, left - 12) // 3))
    with world.greeted(school) as session:
        accepted = accept(world, school, session, edit=fill)
        held = session.holding(school.code, "primary.monthly", OPEN)
    assert (held.revision, held.id) == (1, accepted)
    assert held.HasField("envelope") == fits


# ---- while the database is away --------------------------------------------------------------------------------


def test_while_the_database_is_away(make_world, cluster):
    world = make_world(workers=1)
    school, _ = world.enrolled()
    with world.greeted(school) as session:
        accepted = accept(world, school, session)
        cluster.stop()
        try:
            wait_for("the link to be lost", lambda: any(e["link"] == "yuebaod ask" for e in world.collector.events("database_away")))
            for body in (dict(notices=pb.NoticeRequest()),
                         dict(holding=pb.HoldingRequest(school=school.code, form="primary.monthly", period=OPEN))):
                reply = session.answer_to(session.send(**body))
                assert reply.WhichOneof("body") == "busy" and reply.busy.retry_ms >= 500
        finally:
            cluster.start()

        def held():
            reply = session.answer_to(session.send(
                holding=pb.HoldingRequest(school=school.code, form="primary.monthly", period=OPEN)))
            return reply.WhichOneof("body") == "holding" and reply.holding.id == accepted
        wait_for("the database to be back", held)
