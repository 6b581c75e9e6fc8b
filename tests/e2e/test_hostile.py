"""Garbage, floods, half frames and dawdlers on the port: no crash, bounded memory, an error line, and honest schools served."""

import os
import random
import socket
import struct
import time

import pytest

import contract
from contract import Closed, Refused, pb
from house import resident_kib, wait_for

GROWTH_KIB = 96 * 1024  # under AddressSanitizer, with its quarantine; the release build is held to more in test_limits


@pytest.fixture(scope="module")
def honest(world):
    return world.enrolled("primary")[0]


@pytest.fixture(autouse=True)
def house_still_stands(world, honest):
    """Before and after each attack: the same workers, no more memory than allowed, an honest school served."""
    workers = world.collector.worker_pids()
    before = {pid: resident_kib(pid) for pid in workers}
    yield
    assert world.collector.worker_pids() == workers, world.collector.log()[-3000:]
    for pid in workers:
        assert resident_kib(pid) - before[pid] < GROWTH_KIB
    with world.greeted(honest) as session:
        assert session.agenda().school


def faults(session, data):
    """The code of the Fault that these bytes earn; the session is over afterwards."""
    session.send_bytes(data)
    try:
        while True:
            reply = session.recv()
            if reply.WhichOneof("body") == "fault":
                break
    except Closed:
        return None
    with pytest.raises(Closed):
        while True:
            session.recv()
    return pb.FaultCode.Name(reply.fault.code)


def source(session):
    host, port = session.socket.getsockname()[:2]
    return f"{host}:{port}"


def assert_named_in_the_log(world, peer, since):
    """A line that names the peer and the reason."""
    line = wait_for(f"a line about {peer}", lambda: [
        e for e in world.collector.events(since=since) if peer in e["line"] and "reason=" in e["line"]])[-1]
    assert line.get("reason"), line


def request(**body):
    return pb.Request(number=1, **body).SerializeToString()


def hello(world, session, school, key, **spoil):
    fields = dict(protocol=1, school=school.code, algorithm=1, key=key.public, software="python/1",
                  signature=key.sign("yuebao-hello-v1", session.exporter(), school.code, key.public))
    fields.update(spoil)
    return pb.Hello(**fields)


# ---- frames ------------------------------------------------------------------------------------------------------

FRAMES = [
    ("length 0", struct.pack(">I", 0)),
    ("length over the limit", struct.pack(">I", 64 * 1024 + 1)),
    ("length of 4 GiB", b"\xff\xff\xff\xff"),
    ("no request inside", contract.frame(b"\x08\x01")),
    ("no number", contract.frame(b"\x22\x00")),
    ("a Put of nothing", contract.frame(b"\x08\x01\x32\x00")),
    ("bytes that are no message", contract.frame(b"\xff" * 20)),
    ("unknown field", contract.frame(request(agenda=pb.AgendaRequest()) + b"\x9a\x06\x01x")),
    ("body twice", contract.frame(request(agenda=pb.AgendaRequest()) + b"\x22\x00")),
    ("two bodies", contract.frame(request(agenda=pb.AgendaRequest()) + b"\x32\x00")),
    ("number twice", contract.frame(b"\x08\x01\x08\x02\x22\x00")),
    ("number not minimal", contract.frame(b"\x08\x81\x00\x22\x00")),
    ("number over 32 bits", contract.frame(b"\x08\x80\x80\x80\x80\x10\x22\x00")),
    ("group", contract.frame(b"\x08\x01\x22\x00\x13\x14")),
    ("deep", contract.frame(b"\x08\x01\x32\x0a\x0a\x08\x0a\x06\x0a\x04\x0a\x02\x0a\x00")),
    ("a flood of small fields", contract.frame(b"\x08\x01" + b"\x32\x00" * 30000)),
]


@pytest.mark.parametrize("data", [d for _, d in FRAMES], ids=[n for n, _ in FRAMES])
def test_a_bad_frame_ends_the_session_by_name(world, honest, data):
    since = world.collector.mark()
    with world.greeted(honest) as session:
        peer = source(session)
        assert faults(session, data) == "FAULT_FRAME"
    assert_named_in_the_log(world, peer, since)


def test_the_largest_frame_is_read_and_one_byte_more_is_not(world, honest):
    def put(size):
        """A Put whose frame has a body of exactly `size` bytes."""
        length = 60000
        for _ in range(3):
            statement = world.statement(honest, world.lawful(honest), filled_ms=1, edit=lambda s: setattr(s, "correction", "x" * length))
            body = request(put=pb.Put(envelope=world.envelope(honest, statement)))
            length += size - len(body)
        assert len(body) == size
        return contract.frame(body)

    with world.greeted(honest) as session:
        session.send_bytes(put(64 * 1024))
        verdict = contract.verdict_of(session.recv().answer, session.welcome.server_key)
        assert pb.TEXT_TOO_LONG in {f.code for f in verdict.reject.finding}
        assert faults(session, put(64 * 1024 + 1)) == "FAULT_FRAME"


def test_bad_frames_before_hello(world):
    for name, data in FRAMES[:4]:
        with world.session() as session:
            assert faults(session, data) in ("FAULT_FRAME", "FAULT_ORDER"), name


# ---- the door ------------------------------------------------------------------------------------------------------


def test_nothing_before_hello_and_no_second_hello(world, honest):
    key = world.keys[honest.code]
    for body in (dict(agenda=pb.AgendaRequest()), dict(catalogue=pb.CatalogueRequest(hash=b"x" * 32)),
                 dict(put=pb.Put(envelope=pb.Envelope(algorithm=1)))):
        with world.session() as session:
            assert faults(session, contract.frame(request(**body))) == "FAULT_ORDER"
    with world.greeted(honest) as session:
        assert faults(session, contract.frame(request(hello=hello(world, session, honest, key)))) == "FAULT_ORDER"


def test_requests_that_come_with_the_hello_are_answered_in_order(world, honest):
    """In one segment, a TLS record each: reading rests and goes on inside the callback that takes the hello."""
    key = world.keys[honest.code]
    for _ in range(8):
        with world.session() as session:
            hello = pb.Hello(protocol=1, school=honest.code, algorithm=1, key=key.public,
                             signature=key.sign("yuebao-hello-v1", session.exporter(), honest.code, key.public))
            session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            session.send_bytes(contract.frame(pb.Request(number=1, hello=hello).SerializeToString()))
            for n in range(2, 100):
                session.send_bytes(contract.frame(pb.Request(number=n, agenda=pb.AgendaRequest()).SerializeToString()))
            session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
            replies = [session.recv() for _ in range(1, 100)]
            assert [reply.number for reply in replies] == list(range(1, 100))
            assert [reply.WhichOneof("body") for reply in replies] == ["welcome"] + ["agenda"] * 98


def test_more_than_4_kib_before_hello_is_not_read(world, honest):
    since = world.collector.mark()
    for size in (5000, 60000):
        with world.session() as session:
            peer = source(session)
            body = request(hello=hello(world, session, honest, world.keys[honest.code], software="x" * size))
            assert faults(session, contract.frame(body)) in ("FAULT_FRAME", None)
    assert_named_in_the_log(world, peer, since)


def refusal(session, **spoil):
    with pytest.raises(Refused) as refused:
        session.hello(**spoil)
    return pb.FaultCode.Name(refused.value.code), refused.value.fault


def test_who_is_not_who_he_says_is_turned_away_by_name(world, honest):
    key, stranger = world.keys[honest.code], contract.Key()
    other = world.enrolled("primary")[0]
    exporter_of_another = b"\0" * 32
    cases = [
        (dict(school=honest.code, key=stranger), "FAULT_UNKNOWN_KEY"),
        (dict(school=honest.code, key=world.keys[other.code]), "FAULT_UNKNOWN_KEY"),
        (dict(school="9999999", key=key), "FAULT_UNKNOWN_SCHOOL"),
        (dict(school=honest.code, key=key, signature=b"\0" * 64), "FAULT_SIGNATURE"),
        (dict(school=honest.code, key=key, signature=key.sign("yuebao-hello-v1", exporter_of_another, honest.code, key.public)),
         "FAULT_SIGNATURE"),
        (dict(school=honest.code, key=key, signature=stranger.sign("yuebao-hello-v1", b"", honest.code)), "FAULT_SIGNATURE"),
    ]
    for spoil, expected in cases:
        since = world.collector.mark()
        with world.session() as session:
            peer = source(session)
            assert refusal(session, **spoil)[0] == expected, spoil
        assert_named_in_the_log(world, peer, since)


def test_software_has_64_bytes(world, honest):
    key = world.keys[honest.code]
    with world.opened(lambda session: session.hello(honest.code, key, software="x" * 64)):
        pass
    for name in ("x" * 65, "x" * 3000):
        with world.session() as session:
            assert refusal(session, school=honest.code, key=key, software=name)[0] == "FAULT_FRAME"


def test_a_code_may_be_sent_as_it_is_printed_and_is_signed_as_sent(world):
    for kind, shape in (("special", str.lower), ("vocational", lambda c: "-".join((c[:4], c[4:8], c[8:])))):
        school = world.fresh(kind)
        (code,) = world.one_time_codes(school.code).values()
        sent, key = shape(code.replace("-", "")), contract.Key()
        with world.session() as session:
            signature = key.sign("yuebao-enrol-v1", session.exporter(), school.code, sent, key.public)
            enrol = pb.Enrol(protocol=1, school=school.code, code=sent, algorithm=1, key=key.public, signature=signature)
            assert session.ask("welcome", enrol=enrol).protocol == 1


def test_a_hello_cannot_be_replayed_on_another_session(world, honest):
    key = world.keys[honest.code]
    with world.session() as first, world.session() as second:
        recorded = hello(world, first, honest, key)
        assert faults(second, contract.frame(request(hello=recorded))) == "FAULT_SIGNATURE"


def test_a_newer_protocol_is_told_what_is_spoken(world, honest):
    with world.session() as session:
        code, fault = refusal(session, school=honest.code, key=world.keys[honest.code], protocol=99)
        assert code == "FAULT_PROTOCOL" and (fault.lowest, fault.highest) == (1, contract.PROTOCOL)


def test_an_enrolment_code_works_once_for_its_school_only(world):
    school, other = world.fresh("special"), world.fresh("vocational")
    codes = world.one_time_codes(school.code, other.code)

    def enrol(who, code):
        with world.session() as session:
            try:
                return session.enrol(who.code, code, contract.Key())
            except Refused as refused:
                return pb.FaultCode.Name(refused.code)

    assert enrol(other, codes[school.code]) == "FAULT_CODE", "another school's code"
    assert enrol(school, "0" * 12) == "FAULT_CODE"
    assert enrol(school, "not a code!!") in ("FAULT_CODE", "FAULT_FRAME")
    assert enrol(school, codes[school.code]).protocol == contract.PROTOCOL
    assert enrol(school, codes[school.code]) == "FAULT_CODE", "used"


def test_guessing_codes_comes_to_an_end(world):
    school = world.fresh("kindergarten")
    (code,) = world.one_time_codes(school.code).values()
    for n in range(48):  # five a school, hour and worker; the kernel deals connections out by chance
        with world.session() as session:
            with pytest.raises(Refused):
                session.enrol(school.code, f"{n:012d}", contract.Key())
    with world.session() as session:
        with pytest.raises(Refused) as refused:
            session.enrol(school.code, code, contract.Key())
        assert refused.value.code == pb.FAULT_CODE


# ---- below the door ------------------------------------------------------------------------------------------------


def drain(sock):
    """Read until the server hangs up."""
    sock.settimeout(30)
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    sock.close()


def test_what_is_not_tls_is_hung_up_on(world):
    dice = random.Random(5)
    for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, dice.randbytes(5000), b"\x16\x03\x01\xff\xff" + dice.randbytes(300),
                 b"SSH-2.0-x\r\n"):
        since = world.collector.mark()
        sock = socket.create_connection(world.collector.address)
        peer = "%s:%d" % sock.getsockname()
        sock.sendall(data)
        drain(sock)
        assert_named_in_the_log(world, peer, since)


def test_a_client_hello_without_end_is_not_read(world):
    """131,000 bytes announced, which OpenSSL would wait for and hold: 172 KiB a connection of nobody knows whom."""
    since = len(world.collector.log())
    hello = b"\x01" + (131000).to_bytes(3, "big") + b"\x03\x03"
    sock = socket.create_connection(world.collector.address)
    sock.sendall(b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello)
    peer = "%s:%d" % sock.getsockname()[:2]
    try:
        for _ in range(7):
            sock.sendall(b"\x16\x03\x03" + struct.pack(">H", 16384) + b"y" * 16384)
    except ConnectionError:
        pass
    drain(sock)
    wait_for("the reason", lambda: [e for e in world.collector.events(since=since)
                                    if peer in e["line"] and "handshake too large" in e["line"]])


def test_tls_1_2_is_not_spoken(world):
    from OpenSSL import SSL
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    sock = socket.create_connection(world.collector.address)
    tls = SSL.Connection(context, sock)
    tls.set_connect_state()
    with pytest.raises(SSL.Error):
        tls.do_handshake()
    sock.close()


def test_random_bytes_inside_tls(world, honest):
    dice = random.Random(11)
    for n in range(150):
        try:
            with (world.greeted(honest) if n % 2 else world.session()) as session:
                session.send_bytes(dice.randbytes(dice.randint(1, 3000)))
                if n % 3:
                    session.cut()
        except Closed:
            pass


def test_true_messages_with_flipped_bits(world, honest):
    dice = random.Random(13)
    whole = request(put=pb.Put(envelope=world.envelope(honest, world.statement(honest, world.lawful(honest)))))
    for _ in range(150):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        with world.greeted(honest) as session:
            session.send_bytes(contract.frame(bytes(body)))
            reply = session.recv()
            kind = reply.WhichOneof("body")
            if kind == "answer":
                verdict = contract.verdict_of(reply.answer, session.welcome.server_key)
                assert verdict.WhichOneof("outcome") in ("reject", "receipt")
            else:
                assert kind == "fault"


def test_a_crowd_that_connects_and_vanishes(world):
    for _ in range(400):
        sock = socket.create_connection(world.collector.address)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    for _ in range(60):
        session = world.session()
        session.send_bytes(b"\0")
        session.cut()


def test_a_flood_of_requests_whose_answers_nobody_reads(world, honest):
    """The server stops reading or hangs up; it does not heap up answers."""
    sessions = [world.greeted(honest, timeout=3) for _ in range(6)]
    ask = contract.frame(request(catalogue=pb.CatalogueRequest(hash=world.catalogue.hash))) * 400
    for session in sessions:
        try:
            for _ in range(10):  # each request wants up to 48 KiB back: 190 MB a session
                session.send_bytes(ask)
        except (Closed, TimeoutError):
            pass
    for pid in world.collector.worker_pids():
        assert resident_kib(pid) < 600 * 1024
    for session in sessions:
        session.cut()


def test_a_flood_of_large_puts_is_answered_busy_or_refused(world, honest):
    statement = world.statement(honest, world.lawful(honest), edit=lambda s: setattr(s, "correction", "x" * 60000))
    put = contract.frame(request(put=pb.Put(envelope=world.envelope(honest, statement))))
    sessions = [world.greeted(honest, timeout=20) for _ in range(8)]
    for session in sessions:
        try:
            for _ in range(60):
                session.send_bytes(put)
            session.recv()
        except (Closed, TimeoutError):
            pass
    for session in sessions:
        session.cut()


# ---- dawdlers ------------------------------------------------------------------------------------------------------


def test_every_dawdler_is_shown_the_door(world, honest):
    """First byte 10 s, handshake 10 s, hello 5 s, a begun frame 30 s; all at once, and honest schools served meanwhile."""
    began = time.monotonic()
    silent = [socket.create_connection(world.collector.address) for _ in range(200)]
    halves = [socket.create_connection(world.collector.address) for _ in range(20)]
    for sock in halves:
        sock.sendall(b"\x16\x03\x01\x02")
    nameless = [world.session(timeout=60) for _ in range(10)]
    unfinished = [world.greeted(honest, timeout=60) for _ in range(5)]
    for session in unfinished:
        session.send_bytes(struct.pack(">I", 1000) + b"\x08")
    with world.greeted(honest) as session:
        assert session.agenda().school, "served while they dawdle"

    def code_at_end(session):
        try:
            reply = session.recv()
            return pb.FaultCode.Name(reply.fault.code)
        except Closed:
            return None

    assert {code_at_end(s) for s in nameless} <= {"FAULT_DEADLINE", None}
    for sock in silent + halves:
        drain(sock)
    assert time.monotonic() - began < 28, "those without a frame are gone before a frame's deadline"
    assert {code_at_end(s) for s in unfinished} == {"FAULT_DEADLINE"}
    assert time.monotonic() - began > 25
    for session in nameless + unfinished:
        session.close()
    assert len(os.listdir("/proc/%d/fd" % world.collector.worker_pids()[0])) < 64
