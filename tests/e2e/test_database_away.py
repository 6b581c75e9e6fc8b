"""While PostgreSQL is away schools hear BUSY with a time to come back; when it is back, service is back by itself."""

import pytest

import contract
from contract import pb
from house import wait_for


def busy(reply):
    if reply.WhichOneof("body") != "busy":
        return None
    assert 1 <= reply.busy.retry_ms <= 15 * 60 * 1000
    return reply


@pytest.fixture(scope="module")
def world(make_world):
    """One worker: another may not have read the new key yet when the database goes, and says BUSY to a hello too."""
    return make_world(workers=1)


@pytest.fixture(scope="module")
def school(world):
    return world.enrolled()[0]


def test_busy_while_away_and_a_receipt_when_back(world, cluster, school):
    envelope = world.envelope(school, world.statement(school, world.lawful(school)))
    with world.greeted(school) as session:
        cluster.stop()
        try:
            assert busy(session.put(envelope)), "no receipt, no refusal, no silence"
            with world.session() as another:  # the key is known to the worker's memory
                another.hello(school.code, world.keys[school.code])
                assert another.agenda().window, "what needs no database is answered"
                assert busy(another.put(envelope))
        finally:
            cluster.start()
        assert session.submit(envelope).HasField("receipt"), "the same session, no restart"
    assert len(world.revisions(school)) == 1
    world.assert_books_agree()


def test_an_unlawful_statement_is_not_refused_for_the_databases_sake(world, cluster, school):
    """BUSY is temporary; a refusal is final. While away, nothing final is said about a lawful statement."""
    other, _ = world.enrolled()
    envelopes = [world.envelope(other, world.statement(other, world.lawful(other, seed=n))) for n in range(3)]
    with world.greeted(other) as session:
        cluster.crash()
        try:
            for envelope in envelopes:
                assert busy(session.put(envelope))
        finally:
            cluster.start()
        assert session.submit(envelopes[0]).HasField("receipt")
    world.assert_books_agree()


def test_a_backend_killed_under_the_collector(world, cluster):
    """kill -9 of one backend makes PostgreSQL end all others and recover."""
    school, _ = world.enrolled()
    envelope = world.envelope(school, world.statement(school, world.lawful(school)))
    with world.greeted(school) as session:
        cluster.kill_backends()
        assert session.submit(envelope).HasField("receipt")
    world.assert_books_agree()


def test_a_collector_started_before_its_database(make_world, cluster):
    """It waits, and serves when PostgreSQL comes."""
    world = make_world(workers=1)
    school, _ = world.enrolled()
    world.collector.stop()
    cluster.stop()
    mark = world.collector.mark()
    try:
        world.collector.spawn()
        wait_for("a word about the database", lambda: world.collector.events(since=mark))
    finally:
        cluster.start()
    world.collector.wait_served(since=mark)
    with world.greeted(school) as session:
        envelope = world.envelope(school, world.statement(school, world.lawful(school)))
        assert session.submit(envelope).HasField("receipt")


def test_what_an_administrator_changes_is_known_without_a_restart(world):
    """A new school, enrolled and reporting, while a session stays open."""
    witness, _ = world.enrolled()
    with world.greeted(witness) as session:
        world.database.run(
            """WITH s AS (INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)
                          VALUES ('NEW-1', 'NEW-1', 'primary', '新学校', 'New school', '2015-09-01') RETURNING school)
               INSERT INTO yuebao.school_district (school, valid_from, district) SELECT school, '2015-09-01', 220203 FROM s""")
        from world import School
        new = School("NEW-1", "NEW-1", "primary", 220203, "新学校", "New school")
        (code,) = world.one_time_codes("NEW-1").values()
        key = contract.Key()

        def enrolled():
            with world.session() as other:
                try:
                    return other.enrol("NEW-1", code, key)
                except contract.Refused as refused:
                    assert refused.code == pb.FAULT_UNKNOWN_SCHOOL
        wait_for("the new school to be known", enrolled)
        world.keys["NEW-1"] = key

        def greeted():
            with world.session() as other:
                try:
                    other.hello("NEW-1", key)
                    return other.submit(world.envelope(new, world.statement(new, world.lawful(new))))
                except contract.Refused as refused:
                    assert refused.code == pb.FAULT_UNKNOWN_SCHOOL
        assert wait_for("the other worker to know it", greeted).HasField("receipt")
        assert session.agenda().school[0].code == witness.code, "the session was not dropped"


def test_a_revoked_key_signs_no_more(world):
    """Neither in the session that it opened, nor in a new one."""
    school, key = world.enrolled()
    with world.greeted(school) as session:
        world.database.ctl("keys", "revoke", school.code, "--reason", "laptop stolen")

        def refused():
            verdict = session.submit(world.envelope(school, world.statement(school, world.lawful(school))))
            return [f.code for f in verdict.reject.finding] == [pb.KEY_NOT_OF_SCHOOL]
        wait_for("a Put of the revoked key to be refused", refused)

    def turned_away():
        with world.session() as session:
            try:
                session.hello(school.code, key)
            except contract.Refused as refused:
                return refused.code == pb.FAULT_UNKNOWN_KEY
    for _ in range(8):  # both workers, most likely
        wait_for("the key to be unknown", turned_away)
