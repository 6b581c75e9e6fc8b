"""A client written by a stranger, in another language, enrols, submits and gets a receipt whose signature verifies."""

import contract
from contract import pb
from world import OPEN, first_day


def test_enrolment_opens_a_session_and_its_key_opens_the_next(world):
    school = world.fresh("primary", 220203)
    (code,) = world.one_time_codes(school.code).values()
    key = contract.Key()
    with world.session() as session:
        welcome = session.enrol(school.code, code, key)
        assert welcome.protocol == contract.PROTOCOL
        assert len(welcome.server_key) >= 1 and all(len(k) == 32 for k in welcome.server_key)
        assert welcome.in_flight >= 1
        assert [s.code for s in session.agenda().school] == [school.code]
    with world.session() as session:  # whichever worker it reaches
        session.hello(school.code, key)
        assert session.agenda().school[0].district == school.district


def test_the_agenda_names_the_open_windows_and_their_catalogue(world):
    school, key = world.enrolled("junior")
    with world.greeted(school) as session:
        agenda = session.agenda()
        windows = {(w.form, w.period): w for w in agenda.window}
        window = windows["junior.monthly", OPEN]
        assert window.opens_ms <= agenda.server_ms < window.due_ms <= window.closes_ms
        assert window.catalogue == world.catalogue.hash
        assert {f.split(".")[0] for f, _ in windows} == {"junior"}
        assert (agenda.school[0].name_zh, agenda.school[0].kind) == (school.name_zh, "junior")
        assert session.catalogue(window.catalogue) == world.catalogue.message


def test_a_report_is_receipted_stored_as_signed_and_in_the_totals_at_once(world):
    school, key = world.enrolled("primary", 220203)
    sent = world.lawful(school)
    statement = world.statement(school, sent)
    envelope = world.envelope(school, statement)
    before = world.totals()
    with world.greeted(school) as session:
        reply = session.put(envelope)
        assert reply.WhichOneof("body") == "answer"
        verdict = contract.verdict_of(reply.answer, session.welcome.server_key)
    assert verdict.WhichOneof("outcome") == "receipt" and not verdict.receipt.late
    assert verdict.id == contract.statement_id(statement)
    assert (verdict.school, verdict.form, verdict.period, verdict.revision) == (school.code, "primary.monthly", OPEN, 1)

    (row,) = world.database.rows(
        """SELECT r.envelope, r.receipt, r.key, r.filler, r.reviewer, r.head, r.district, r.late FROM yuebao.report r
           WHERE r.id = %s""", verdict.id)
    assert pb.Envelope.FromString(bytes(row[0])) == envelope
    assert bytes(row[1]) == reply.answer.SerializeToString()
    assert (bytes(row[2]), *row[3:6], row[6], row[7]) == (key.public, "王芳", "李强", "赵敏", school.district, False)

    asked = {n: f if isinstance(f, tuple) else (f, 0) for n, f in sent.items()}
    assert world.booked(school) == asked
    after = world.totals()
    for number, (value, denominator) in asked.items():
        cell = (school.district, "primary.monthly", first_day(OPEN), number)
        old = before.get(cell, [0, 0, 0])
        assert after[cell] == [old[0] + 1, old[1] + value, old[2] + denominator]
    world.assert_books_agree()


def test_every_kind_and_every_frequency(world):
    """Each form of the catalogue takes a lawful report."""
    for kind in {f.kind for f in world.catalogue.message.form}:
        if kind == "district":
            school = next(s for s in world.schools if s.kind == "district" and s.code not in world.keys)
            world.enrol(school)
        else:
            school, _ = world.enrolled(kind)
        with world.greeted(school) as session:
            windows = {w.form: w.period for w in session.agenda().window if w.opens_ms < session.welcome.server_ms < w.due_ms}
            forms = [f for f in world.catalogue.message.form if f.kind == kind]
            assert set(windows) == {f.code for f in forms}
            for form in forms:
                period = windows[form.code]
                sent = world.lawful(school, form.frequency)
                statement = world.statement(school, sent, frequency=form.frequency, period=period)
                verdict = session.submit(world.envelope(school, statement))
                assert verdict.WhichOneof("outcome") == "receipt", (form.code, verdict)
                assert set(world.booked(school, period, form.frequency)) == set(sent)
    world.assert_books_agree()


def test_late_is_said_and_after_close_is_kept_out_of_the_books(world):
    from world import CLOSED, LATE
    school, key = world.enrolled("primary")
    with world.greeted(school) as session:
        late = session.submit(world.envelope(school, world.statement(school, world.lawful(school), period=LATE)))
        assert late.receipt.late
        envelope = world.envelope(school, world.statement(school, world.lawful(school), period=CLOSED))
        kept = session.submit(envelope)
        assert kept.WhichOneof("outcome") == "kept" and kept.kept.closed_ms < kept.decided_ms
        again = session.submit(envelope)
        assert again.WhichOneof("outcome") == "kept"
    assert world.booked(school, CLOSED) == {}
    assert world.database.value("SELECT count(*) FROM yuebao.kept WHERE id = %s", kept.id) == 1
    world.assert_books_agree()


def test_missing_with_a_reason_is_not_zero(world):
    school, key = world.enrolled("primary")
    sent = world.lawful(school)
    gone = sorted(sent)[0]
    del sent[gone]
    statement = world.statement(school, sent, missing={gone: pb.NOT_COLLECTED})
    with world.greeted(school) as session:
        assert session.submit(world.envelope(school, statement)).HasField("receipt")
    assert gone not in world.booked(school)
    assert world.database.value(
        """SELECT missing FROM yuebao.figure f JOIN yuebao.school s USING (school) WHERE s.code = %s AND indicator = %s""",
        school.code, gone) == pb.NOT_COLLECTED
    world.assert_books_agree()


def test_one_key_files_for_all_stages_of_its_institution(world):
    junior = next(s for s in world.schools if s.code.endswith("-J"))
    primary = world.by_code[junior.institution]
    world.enrol(primary)
    with world.greeted(primary) as session:
        assert {s.code for s in session.agenda().school} == {primary.code, junior.code}
        statement = world.statement(junior, world.lawful(junior))
        verdict = session.submit(world.envelope(junior, statement, world.keys[primary.code]))
        assert verdict.HasField("receipt")


def test_a_catalogue_nobody_made_is_a_fault_by_name(world):
    school, key = world.enrolled("senior")
    with world.greeted(school) as session:
        try:
            session.catalogue(b"\7" * 32)
        except contract.Refused as refused:
            assert refused.code == pb.FAULT_UNKNOWN_CATALOGUE
        else:
            raise AssertionError("no fault")
