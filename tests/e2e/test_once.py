"""Any number of deliveries, in any order, over any path, have the effect of one."""

import itertools
import random
import threading

import contract
from contract import pb
from world import OPEN


def in_parallel(jobs):
    """Run callables at the same moment; their results in order."""
    results, gate = [None] * len(jobs), threading.Barrier(len(jobs))

    def one(index, job):
        gate.wait()
        try:
            results[index] = job()
        except BaseException as error:  # noqa: B902 - handed to the asker
            results[index] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def final(session, envelope):
    """The bytes of the final answer, asked again while the server says BUSY or WAIT."""
    while True:
        reply = session.put(envelope)
        if reply.WhichOneof("body") == "answer":
            return reply.answer.SerializeToString()
        threading.Event().wait(getattr(reply, reply.WhichOneof("body")).retry_ms / 1000)


def verdict(world, session, answer):
    return contract.verdict_of(pb.Answer.FromString(answer), session.welcome.server_key)


def test_one_envelope_many_times_over_many_sessions_has_one_receipt(world):
    school, key = world.enrolled()
    sent = world.lawful(school)
    envelope = world.envelope(school, world.statement(school, sent))
    sessions = [world.greeted(school) for _ in range(16)]  # SO_REUSEPORT spreads them over both workers

    def deliver(session):
        return [final(session, envelope) for _ in range(5)]

    answers = set(itertools.chain(*in_parallel([lambda s=s: deliver(s) for s in sessions])))
    assert len(answers) == 1, "every delivery gets the same receipt, byte for byte"
    assert verdict(world, sessions[0], answers.pop()).HasField("receipt")
    assert len(world.revisions(school)) == 1
    assert set(world.booked(school)) == set(sent)
    world.assert_books_agree()
    for session in sessions:
        session.close()


def test_many_puts_in_flight_of_one_envelope(world):
    school, key = world.enrolled()
    envelope = world.envelope(school, world.statement(school, world.lawful(school)))
    with world.greeted(school) as session:
        numbers = [session.send(put=pb.Put(envelope=envelope)) for _ in range(session.welcome.in_flight)]
        replies = [session.answer_to(n) for n in numbers]
        answers = {r.answer.SerializeToString() for r in replies if r.WhichOneof("body") == "answer"}
        assert len(answers) == 1
        assert {r.WhichOneof("body") for r in replies} <= {"answer", "busy"}
    assert len(world.revisions(school)) == 1
    world.assert_books_agree()


def test_a_race_of_different_first_revisions_has_one_winner(world):
    school, key = world.enrolled()
    envelopes = [world.envelope(school, world.statement(school, world.lawful(school, seed=n))) for n in range(12)]
    sessions = [world.greeted(school) for _ in envelopes]
    answers = in_parallel([lambda s=s, e=e: final(s, e) for s, e in zip(sessions, envelopes)])
    verdicts = [verdict(world, sessions[0], a) for a in answers]
    won = [v for v in verdicts if v.HasField("receipt")]
    lost = [v for v in verdicts if v.HasField("conflict")]
    assert len(won) == 1 and len(lost) == len(envelopes) - 1
    assert {(v.conflict.current_id, v.conflict.current_revision) for v in lost} == {(won[0].id, 1)}
    assert world.revisions(school) == [(1, won[0].id)]
    world.assert_books_agree()


def chain(world, school, length):
    """Envelopes of revisions 1 … length, each naming the one before."""
    envelopes, previous = [], b""
    for revision in range(1, length + 1):
        statement = world.statement(school, world.lawful(school, seed=revision), revision=revision, previous=previous)
        previous = contract.statement_id(statement)
        envelopes.append(world.envelope(school, statement))
    return envelopes


def test_a_correction_replaces_the_figures_and_keeps_the_old_ones(world):
    school, key = world.enrolled()
    first, second = chain(world, school, 2)
    with world.greeted(school) as session:
        receipt = final(session, first)
        assert session.submit(second).HasField("receipt")
        assert final(session, first) == receipt, "the first receipt again, also after a correction"
    now = pb.Statement.FromString(second.statement)
    assert world.booked(school) == {n: (v, d) for n, v, d in zip(now.indicator, now.value, now.denominator)}
    was = pb.Statement.FromString(first.statement)
    kept = world.database.rows(
        """SELECT indicator, value, coalesce(denominator, 0) FROM yuebao.figure_history h JOIN yuebao.school s USING (school)
           WHERE s.code = %s AND h.revision = 1 AND h.value IS NOT NULL""", school.code)
    assert sorted(kept) == sorted(zip(was.indicator, was.value, was.denominator))
    world.assert_books_agree()


def test_a_correction_waits_for_its_predecessor(world):
    school, key = world.enrolled()
    first, second = chain(world, school, 2)
    with world.greeted(school) as session:
        reply = session.put(second)
        assert reply.WhichOneof("body") == "wait"
        assert reply.wait.id == contract.statement_id(second.statement) and reply.wait.retry_ms > 0
        assert world.revisions(school) == []
        assert session.submit(first).HasField("receipt")
        assert session.submit(second).HasField("receipt")
    assert [r for r, _ in world.revisions(school)] == [1, 2]
    world.assert_books_agree()


def test_a_chain_of_corrections_in_any_order(world):
    school, key = world.enrolled()
    envelopes = chain(world, school, 5)
    dice = random.Random(7)
    shuffled = envelopes * 3
    dice.shuffle(shuffled)
    parts = [shuffled[n::5] for n in range(5)]
    sessions = [world.greeted(school) for _ in parts]

    def deliver(session, part):
        todo = list(part)
        while todo:
            reply = session.put(todo[0])
            if reply.WhichOneof("body") == "answer":
                todo.pop(0)
            else:
                todo.append(todo.pop(0))

    in_parallel([lambda s=s, p=p: deliver(s, p) for s, p in zip(sessions, parts)])
    assert world.revisions(school) == [(n + 1, contract.statement_id(e.statement)) for n, e in enumerate(envelopes)]
    last = pb.Statement.FromString(envelopes[-1].statement)
    assert set(world.booked(school)) == set(last.indicator)
    world.assert_books_agree()


def test_another_statement_of_a_taken_revision_is_a_conflict(world):
    school, key = world.enrolled()
    first, second = chain(world, school, 2)
    other = world.envelope(school, world.statement(school, world.lawful(school, seed="other")))
    stale = world.envelope(school, world.statement(school, world.lawful(school, seed="stale"), revision=2,
                                                   previous=contract.statement_id(other.statement)))
    mark = world.collector.mark()
    with world.greeted(school) as session:
        assert session.submit(first).HasField("receipt")
        lost = session.submit(other)
        assert (lost.conflict.current_id, lost.conflict.current_revision) == (contract.statement_id(first.statement), 1)
        assert session.submit(stale).HasField("conflict"), "its predecessor is not what the slot holds"
        assert session.submit(second).HasField("receipt")
        late = session.submit(other)
        assert late.conflict.current_revision == 2
    logged = [(e["school"], e["form"], e["period"], e["revision"], e["current"]) for e in world.collector.events("conflict", since=mark)]
    said = contract.pb.Statement.FromString(first.statement)
    slot = (school.code, said.form, said.period)
    assert logged == [(*slot, "1", "1"), (*slot, "2", "1"), (*slot, "1", "2")], "whoever keeps the collector can find it"
    world.assert_books_agree()


def test_two_sheets_of_one_school_do_not_disturb_each_other(world):
    """Different periods and frequencies are different slots, in one breath."""
    school, key = world.enrolled()
    with world.greeted(school) as session:
        windows = [(w.form, w.period) for w in session.agenda().window
                   if w.opens_ms < session.welcome.server_ms < w.closes_ms]
        envelopes = [world.envelope(school, world.statement(
            school, world.lawful(school, form.split(".")[1]), form=form, period=period)) for form, period in windows]
        numbers = [session.send(put=pb.Put(envelope=e)) for e in envelopes[:session.welcome.in_flight]]
        for number in numbers:
            answer = session.answer_to(number).answer
            assert contract.verdict_of(answer, session.welcome.server_key).HasField("receipt")
    assert (OPEN in {p for _, p in windows})
    world.assert_books_agree()


def test_more_in_flight_than_allowed_are_answered_all_the_same(world):
    """The server reads on when it has answered; nobody waits for ever."""
    school, key = world.enrolled()
    envelope = world.envelope(school, world.statement(school, world.lawful(school)))
    with world.greeted(school) as session:
        numbers = [session.send(put=pb.Put(envelope=envelope)) for _ in range(4 * session.welcome.in_flight)]
        kinds = [session.answer_to(n).WhichOneof("body") for n in numbers]
    assert set(kinds) <= {"answer", "busy"} and "answer" in kinds
    assert len(world.revisions(school)) == 1
