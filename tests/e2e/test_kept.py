"""What came after close is a person's to decide: admitted into books and totals, or declined; once, signed, for good."""

import json
import threading

import pytest

import contract
from contract import pb
from house import BUILD, run, wait_for
from test_clerk import NAMES, desk_of, states
from world import CLOSED, OPEN, first_day


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(workers=1)  # so that what one session is told all have heard of


def key(world):
    return world.where / "receipt.key"


def ctl(world, *args, **kw):
    return world.database.ctl("kept", *args, **kw)


def rows(world, *args, **kw):
    return json.loads(ctl(world, *args, "--json", **kw).stdout)


def decide(world, verb, *ids, reason="停电三天", **kw):
    return ctl(world, verb, *ids, "--reason", reason, "--key", key(world), **kw)


def keep(world, school, *, seed=0, period=CLOSED, **kw):
    """Sent after close; the id, and the statement's figures."""
    figures = world.lawful(school, seed=seed)
    statement = world.statement(school, figures, period=period, **kw)
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("kept")
    return contract.statement_id(statement), figures


def decision(world, digest):
    """The stored answer, its verdict checked by the collector's own key."""
    ((answer,),) = world.database.rows("SELECT answer FROM yuebao.decision WHERE id = %s", digest)
    with world.greeted(next(s for s in world.schools if s.code in world.keys)) as session:
        return contract.verdict_of(pb.Answer.FromString(bytes(answer)), session.welcome.server_key)


def pairs(figures):
    return {n: f if isinstance(f, tuple) else (f, 0) for n, f in figures.items()}


def test_admitted_is_booked_and_its_receipt_verifies(world):
    school, _ = world.enrolled()
    digest, figures = keep(world, school)
    (waiting,) = rows(world, "--school", school.code)
    assert waiting["id"] == digest.hex() and waiting["decision"] == "waiting"
    assert waiting["held_revision"] is None

    shown = rows(world, "show", digest.hex()[:8])
    assert {r["indicator"] for r in shown} == {world.catalogue.indicators[n].code for n in figures}
    assert all(r["held"] is None for r in shown)

    tried = decide(world, "admit", digest.hex(), "--dry-run")
    assert "nothing was changed" in tried.stdout
    assert world.booked(school, CLOSED) == {} and rows(world, "--school", school.code)

    done = decide(world, "admit", digest.hex()[:10])
    assert school.code in done.stdout
    assert world.booked(school, CLOSED) == pairs(figures)
    assert world.revisions(school, CLOSED) == [(1, digest)]
    world.assert_books_agree()

    verdict = decision(world, digest)
    assert verdict.id == digest and verdict.receipt.admitted and verdict.receipt.late
    assert verdict.receipt.reason == "停电三天"
    assert (verdict.school, verdict.form, verdict.period, verdict.revision) == (school.code, "primary.monthly", CLOSED, 1)
    ((late, admitted, receipt, answer, decided_ms),) = world.database.rows(
        """SELECT r.late, r.admitted, r.receipt, d.answer, (extract(epoch FROM d.decided_at) * 1000)::bigint
           FROM yuebao.report r JOIN yuebao.decision d USING (id) WHERE r.id = %s""", digest)
    assert late and admitted and bytes(receipt) == bytes(answer) and decided_ms == verdict.decided_ms

    assert rows(world, "--school", school.code) == []
    (told,) = rows(world, "--school", school.code, "--all")
    assert told["decision"] == "admitted" and told["reason"] == "停电三天" and told["decided_by"] == "postgres"


def test_a_decision_is_for_good(world):
    school, _ = world.enrolled()
    digest, _ = keep(world, school)
    decide(world, "decline", digest.hex(), reason="数据已另报")
    verdict = decision(world, digest)
    assert verdict.WhichOneof("outcome") == "declined" and verdict.declined.reason == "数据已另报"
    assert world.booked(school, CLOSED) == {} and world.revisions(school, CLOSED) == []
    for verb in ("admit", "decline"):
        again = decide(world, verb, digest.hex(), ok=65)
        assert "already" in again.stderr
    said = decide(world, "admit", digest.hex(), "--lang", "zh", ok=65).stderr
    assert "已有决定" in said and digest.hex()[:12] in said and digest.hex() not in said
    assert world.revisions(school, CLOSED) == []
    assert [a for (a,) in world.database.rows("SELECT action FROM yuebao.audit_log WHERE detail ->> 'id' = %s",
                                              digest.hex())] == ["decline"]


def test_corrections_are_admitted_in_their_order(world):
    """Named in any order, each after the one that it follows; a rival of the first is told what the slot holds."""
    school, _ = world.enrolled()
    first, _ = keep(world, school, seed=1)
    rival, _ = keep(world, school, seed=2)
    second, figures = keep(world, school, seed=3, revision=2, previous=first)
    alone = decide(world, "admit", second.hex(), ok=65)
    assert "hold no report" in alone.stderr
    decide(world, "admit", second.hex(), first.hex())
    assert world.revisions(school, CLOSED) == [(1, first), (2, second)]
    assert world.booked(school, CLOSED) == pairs(figures)
    refused = decide(world, "admit", rival.hex(), ok=65)
    assert "holds revision 2" in refused.stderr and "received at" in refused.stderr
    shown = rows(world, "show", rival.hex())
    assert all(r["held"] is not None for r in shown if r["indicator"] in
               {world.catalogue.indicators[n].code for n in figures})
    decide(world, "decline", rival.hex())
    world.assert_books_agree()
    ((history,),) = world.database.rows(
        "SELECT count(*) FROM yuebao.figure_history h JOIN yuebao.school s USING (school) WHERE s.code = %s", school.code)
    assert history > 0


def spoil(digest, column, expression):
    return f"UPDATE yuebao.kept SET {column} = {expression} WHERE id = '\\x{digest.hex()}'"


@pytest.mark.parametrize("column, expression, says", [
    ("revision", "2", "not what the school signed"),
    ("envelope", "set_byte(envelope, length(envelope) - 1, get_byte(envelope, length(envelope) - 1) # 1)", "not what the school signed"),
    ("envelope", "'\\xffff'", "cannot be read"),
    ("key", "sha256('somebody else')", "does not belong to this school"),
], ids=["row", "signature", "bytes", "key"])
def test_what_was_changed_in_the_database_is_not_admitted(world, column, expression, says):
    school, _ = world.enrolled("junior")
    digest, _ = keep(world, school)
    world.database.run(spoil(digest, column, expression))
    assert says in decide(world, "admit", digest.hex(), ok=65).stderr
    assert world.revisions(school, CLOSED) == []
    decide(world, "decline", digest.hex())


def test_wrong_use_is_told(world, tmp_path):
    school, _ = world.enrolled("vocational")
    digest, _ = keep(world, school)
    ctl(world, "admit", digest.hex(), "--key", key(world), ok=64)
    ctl(world, "admit", digest.hex(), "--key", key(world), "--reason", "  ", ok=64)
    ctl(world, "admit", digest.hex(), "--key", key(world), "--reason", "字" * 201, ok=64)
    ctl(world, "admit", digest.hex(), "--key", key(world), "--reason", "two\nlines", ok=64)
    ctl(world, "admit", digest.hex()[:7], "--key", key(world), "--reason", "x", ok=64)
    ctl(world, "admit", "0" * 64, "--key", key(world), "--reason", "x", ok=65)
    ctl(world, "admit", digest.hex(), "--key", tmp_path / "none", "--reason", "x", ok=66)
    reader = world.database.auditor()
    denied = run(BUILD / "server" / "ctl" / "yuebaoctl", "kept", "admit", digest.hex(), "--reason", "x", "--lang", "zh", "--db", reader, ok=77)
    assert "无权" in denied.stderr and "receipt.key" not in denied.stderr  # the right first, then the key
    ctl(world, "show", ok=64)
    ctl(world, "list", "--reason", "x", ok=64)
    ctl(world, "show", digest.hex(), "--all", ok=64)
    assert [r["decision"] for r in rows(world, "--school", school.code)] == ["waiting"]


def test_a_race_with_the_collector_has_one_winner(world):
    """The period opens again: the school sends a rival of what an official admits at the same moment."""
    schools = [world.enrolled("kindergarten")[0] for _ in range(6)]
    kept = {s.code: keep(world, s)[0] for s in schools}
    world.database.run("""UPDATE yuebao.calendar c SET closes_at = now() + interval '1 day' FROM yuebao.form f
                          WHERE f.form = c.form AND f.kind = 'kindergarten' AND c.period = %s""", first_day(CLOSED))

    def outcome(session, school, seed):
        rival = world.statement(school, world.lawful(school, seed=seed), period=CLOSED)
        return session.submit(world.envelope(school, rival)).WhichOneof("outcome"), contract.statement_id(rival)

    with world.greeted(schools[0]) as session: # what waits is not kept any more, and is not booked either
        blank = world.statement(schools[0], world.lawful(schools[0], seed=9), period=CLOSED, revision=2, previous=b"x" * 32)
        wait_for("the collector to know", lambda: session.put(world.envelope(schools[0], blank)).WhichOneof("body") == "wait")
    results = {}

    def send(school):
        with world.greeted(school) as session:
            results[school.code] = outcome(session, school, 7)

    threads = [threading.Thread(target=send, args=(s,)) for s in schools]
    for thread in threads:
        thread.start()
    decide(world, "admit", *[d.hex() for d in kept.values()], ok=None)
    for thread in threads:
        thread.join()
    for school in schools:
        ((winner,),) = [[i for _, i in world.revisions(school, CLOSED)]]
        told, rival = results[school.code]
        assert winner in (kept[school.code], rival)
        assert told == ("receipt" if winner == rival else "conflict")
        (row,) = [r for r in rows(world, "--school", school.code, "--all") if r["id"] == kept[school.code].hex()]
        assert row["decision"] == ("admitted" if winner == kept[school.code] else "waiting")
    world.assert_books_agree()


def test_what_was_sent_again_in_time_needs_no_decision(world):
    """The kindergartens' period is open again: a repeat is judged as if for the first time, and booked."""
    school, _ = world.enrolled("kindergarten")
    statement = world.statement(school, world.lawful(school), period=OPEN)
    digest = contract.statement_id(statement)
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("receipt")
    world.database.run("""INSERT INTO yuebao.kept (district, period, school, form, id, revision, key, received_at, envelope, answer)
                          SELECT district, period, school, form, id, revision, key, received_at, envelope, receipt
                          FROM yuebao.report WHERE id = %s""", digest)
    assert rows(world, "--school", school.code) == []
    assert "in the books" in decide(world, "decline", digest.hex(), ok=65).stderr
    assert [r["decision"] for r in rows(world, "--school", school.code, "--all")] == ["booked"]


def reopen(world, session, school):
    """The closed period opens again for this school alone, and the collector has heard of it."""
    world.database.run("""INSERT INTO yuebao.extension (form, period, school, opens_at, due_at, closes_at, reason)
                          SELECT c.form, c.period, s.school, c.opens_at, now() + interval '1 day', now() + interval '1 day', '停电'
                          FROM yuebao.calendar c JOIN yuebao.form f USING (form) JOIN yuebao.school s ON s.kind = f.kind
                          WHERE s.code = %s AND c.period = %s AND f.frequency = 'monthly' AND f.name = ''""",
                       school.code, first_day(CLOSED))
    orphan = world.envelope(school, world.statement(school, world.lawful(school), period=CLOSED, revision=9, previous=b"x" * 32))
    wait_for("the collector to know", lambda: session.put(orphan).WhichOneof("body") == "wait")


def kept_envelope(world, digest):
    return pb.Envelope.FromString(bytes(world.database.value("SELECT envelope FROM yuebao.kept WHERE id = %s", digest)))


def test_declined_while_it_is_being_booked(world):
    """The period opens again and the very statement comes again; an official declines it while its figures are on their way."""
    school, _ = world.enrolled()
    digest, _ = keep(world, school)
    again = kept_envelope(world, digest)
    declined, holder = [], world.database.cluster.connect(world.database.name)

    def waiting_for(table):
        return world.database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", table) > 0

    with world.greeted(school) as session, holder.cursor() as cursor:
        reopen(world, session, school)
        cursor.execute("LOCK TABLE yuebao.figure IN SHARE MODE")
        asked = session.send(put=pb.Put(envelope=again))
        wait_for("the report to be claimed", lambda: waiting_for("yuebao.figure"))
        official = threading.Thread(target=lambda: declined.append(decide(world, "decline", digest.hex(), ok=None)))
        official.start()
        wait_for("the official to wait", lambda: waiting_for("yuebao.report") or not official.is_alive())
        holder.rollback()
        official.join()
        reply = session.answer_to(asked)
        told = contract.verdict_of(reply.answer, session.welcome.server_key).WhichOneof("outcome")
    holder.close()
    assert told == "receipt" and world.revisions(school, CLOSED) == [(1, digest)]
    assert declined[0].returncode == 65 and "in the books" in declined[0].stderr
    assert world.database.rows("SELECT 1 FROM yuebao.decision WHERE id = %s", digest) == []
    world.assert_books_agree()


def test_a_decision_follows_a_school_that_moves(world):
    school, _ = world.enrolled()
    digest, _ = keep(world, school)
    decide(world, "decline", digest.hex(), reason="数据已另报")
    world.database.run("""SELECT yuebao.move_school(s.code, (SELECT max(d.district) FROM yuebao.district d WHERE d.district NOT IN
                              (SELECT m.district FROM yuebao.school_district m WHERE m.school = s.school)), %s)
                          FROM yuebao.school s WHERE s.code = %s""", first_day(CLOSED), school.code)
    again = kept_envelope(world, digest)
    with world.greeted(school) as session:
        assert session.submit(again).declined.reason == "数据已另报", "still closed"
        assert [r["decision"] for r in rows(world, "--school", school.code, "--all")] == ["declined"]
        reopen(world, session, school)
        assert session.submit(again).declined.reason == "数据已另报", "open again"
    assert world.revisions(school, CLOSED) == []


@pytest.mark.parametrize("verb, state, says", [("admit", "receipted", "已采纳"), ("decline", "refused", "不采纳")])
def test_the_desk_learns_what_was_decided(world, verb, state, says):
    school, desk, _, path, figures = desk_of(world, "senior", period=CLOSED)
    desk("submit", path, *NAMES)
    assert states(desk) == {(CLOSED, 1): "kept"}
    (waiting,) = rows(world, "--school", school.code)
    decide(world, verb, waiting["id"], reason="洪水冲断光缆")
    desk("send")
    assert states(desk) == {(CLOSED, 1): state}
    told = desk("status", "--all", lang="zh").stdout
    assert says in told and "洪水冲断光缆" in told
    assert world.booked(school, CLOSED) == (pairs(figures) if verb == "admit" else {})
    world.assert_books_agree()
