"""A second implementation of the contract, written from proto/yuebao.proto and proto/PROTOCOL.md alone.

It shares no line with the programs under test: messages by Google's protobuf, TLS by OpenSSL, Ed25519 by python3-cryptography.
What it says and what yuebaod says must agree; where they do not, one of them has misread the contract.
"""

import hashlib
import ipaddress
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from OpenSSL import SSL

PROTO = Path(__file__).resolve().parents[2] / "proto"


def _generate():
    """Generate yuebao_pb2 from the contract itself, anew at every start of the tests."""
    with tempfile.TemporaryDirectory() as where:
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={where}", str(PROTO / "yuebao.proto")], check=True)
        sys.path.insert(0, where)
        try:
            import yuebao_pb2
        finally:
            sys.path.remove(where)
    return yuebao_pb2


pb = _generate()

FRAME_MAX = 64 * 1024
CATALOGUE_PART_MAX = 48 * 1024
EXPORTER = b"EXPORTER-yuebao-hello"
ED25519 = 1
PROTOCOL = 2


class Closed(Exception):
    """The server ended the session, politely or not."""


class Refused(Exception):
    """The server answered with a Fault."""

    def __init__(self, fault):
        super().__init__(pb.FaultCode.Name(fault.code))
        self.code = fault.code
        self.fault = fault


class NotNow(Exception):
    """Busy instead of Welcome: the server closes the session, and wants to be asked again."""

    def __init__(self, busy):
        super().__init__(f"busy for {busy.retry_ms} ms")
        self.retry_s = busy.retry_ms / 1000


# ---- signed bytes ----------------------------------------------------------------------------------------------


def signed_bytes(purpose, *parts):
    """be32(length) purpose, the algorithm's byte, then be32(length) part for each part."""
    purpose = purpose.encode("ascii")
    out = struct.pack(">I", len(purpose)) + purpose + bytes([ED25519])
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        out += struct.pack(">I", len(part)) + part
    return out


def statement_id(statement):
    return hashlib.sha256(signed_bytes("yuebao-statement-v1", statement)).digest()


class Key:
    """An Ed25519 key pair."""

    def __init__(self, seed=None):
        self._private = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, purpose, *parts):
        return self._private.sign(signed_bytes(purpose, *parts))


def verifies(public, signature, purpose, *parts):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_bytes(purpose, *parts))
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- statements ------------------------------------------------------------------------------------------------


def statement(school, form, period, catalogue, figures, *, missing=None, revision=1, previous=b"", filler="王芳",
              reviewer="李强", head="赵敏", correction=None, filled_ms=None, edit=None):
    """The bytes of one Statement. `figures`: number -> value or (value, denominator), in scaled units; `missing`: number ->
    reason. `edit`, when given, may spoil the message before it is serialised."""
    s = pb.Statement(school=school, form=form, period=period, revision=revision, previous=previous, catalogue=catalogue,
                     filler=filler, reviewer=reviewer, head=head)
    if correction is None:
        correction = "" if revision == 1 else "抄录有误"
    s.correction = correction
    s.filled_ms = int(time.time() * 1000) if filled_ms is None else filled_ms
    for number in sorted(figures):
        figure = figures[number]
        value, denominator = figure if isinstance(figure, tuple) else (figure, 0)
        s.indicator.append(number)
        s.value.append(value)
        s.denominator.append(denominator)
    for number in sorted(missing or {}):
        s.missing.append(number)
        s.missing_reason.append(missing[number])
    if edit:
        edit(s)
    return s.SerializeToString(deterministic=True)


def envelope(key, statement_bytes, **spoil):
    """An Envelope message around a statement's bytes, signed; fields named in `spoil` replace the true ones."""
    fields = dict(algorithm=ED25519, key=key.public, statement=statement_bytes,
                  signature=key.sign("yuebao-statement-v1", statement_bytes))
    fields.update(spoil)
    return pb.Envelope(**fields)


# ---- frames ----------------------------------------------------------------------------------------------------


def frame(body):
    return struct.pack(">I", len(body)) + body


def verdict_of(answer, server_keys):
    """The Verdict inside an Answer, after its signature has been checked against the keys of Welcome."""
    assert answer.algorithm == ED25519
    assert answer.key in server_keys, "the answer is signed by a key that Welcome did not name"
    assert verifies(answer.key, answer.signature, "yuebao-verdict-v1", answer.verdict), "the verdict's signature is wrong"
    return pb.Verdict.FromString(answer.verdict)


class Session:
    """One TLS 1.3 connection to a collector. Every wait has a deadline; nothing here sleeps."""

    def __init__(self, address, ca, *, timeout=30, source=None):
        self.timeout = timeout
        self.number = 0
        self.welcome = None
        self._in = b""
        self._pending = {}
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.load_verify_locations(str(ca))
        context.set_verify(SSL.VERIFY_PEER, lambda *args: bool(args[4]))
        self.socket = socket.create_connection(address, timeout=timeout, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.tls = SSL.Connection(context, self.socket)
        self.tls.set_connect_state()
        self._do(self.tls.do_handshake)
        self._check_name(address[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _check_name(self, host):
        certificate = self.tls.get_peer_certificate().to_cryptography()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)

    def _do(self, call, *args, timeout=None):
        """Repeat one TLS call until it is done or the deadline has passed."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            try:
                return call(*args)
            except SSL.WantReadError:
                ready = select.POLLIN
            except SSL.WantWriteError:
                ready = select.POLLOUT
            except (SSL.ZeroReturnError, SSL.SysCallError, SSL.Error, ConnectionError) as error:
                raise Closed(repr(error)) from error
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the server said nothing in time")
            waiting = select.poll()  # select() knows no descriptors over 1,024
            waiting.register(self.socket, ready)
            waiting.poll(left * 1000)

    def exporter(self):
        return self.tls.export_keying_material(EXPORTER, 32)

    # -- bytes --

    def send_bytes(self, data):
        view = memoryview(data)
        while len(view):
            view = view[self._do(self.tls.send, bytes(view[:16384])):]

    def _read_exactly(self, n, timeout=None):
        while len(self._in) < n:
            self._in += self._do(self.tls.recv, 65536, timeout=timeout)
        data, self._in = self._in[:n], self._in[n:]
        return data

    def recv(self, timeout=None):
        """The next Reply, whatever it is."""
        (length,) = struct.unpack(">I", self._read_exactly(4, timeout))
        assert 1 <= length <= FRAME_MAX, length
        return pb.Reply.FromString(self._read_exactly(length, timeout))

    # -- messages --

    def send(self, **body):
        """Send one Request; its number is returned."""
        self.number += 1
        request = pb.Request(number=self.number, **body)
        self.send_bytes(frame(request.SerializeToString()))
        return self.number

    def answer_to(self, number, timeout=None):
        """The Reply to the request of that number; replies to others are kept for their own askers."""
        while number not in self._pending:
            reply = self.recv(timeout)
            self._pending[reply.number] = reply
            if reply.WhichOneof("body") == "fault":
                raise Refused(reply.fault)
        return self._pending.pop(number)

    def ask(self, kind, timeout=None, **body):
        reply = self.answer_to(self.send(**body), timeout)
        if kind == "welcome" and reply.WhichOneof("body") == "busy":
            raise NotNow(reply.busy)
        assert reply.WhichOneof("body") == kind, reply
        return getattr(reply, kind)

    def hello(self, school, key, *, software="python/1", **spoil):
        fields = dict(protocol=PROTOCOL, school=school, algorithm=ED25519, key=key.public, software=software,
                      signature=key.sign("yuebao-hello-v1", self.exporter(), school, key.public))
        fields.update(spoil)
        self.welcome = self.ask("welcome", hello=pb.Hello(**fields))
        return self.welcome

    def enrol(self, school, code, key, *, software="python/1", **spoil):
        code = code.replace("-", "").upper()
        fields = dict(protocol=PROTOCOL, school=school, code=code, algorithm=ED25519, key=key.public, software=software,
                      signature=key.sign("yuebao-enrol-v1", self.exporter(), school, code, key.public))
        fields.update(spoil)
        self.welcome = self.ask("welcome", enrol=pb.Enrol(**fields))
        return self.welcome

    @classmethod
    def opened(cls, address, ca, opening, timeout=30, **kw):
        """A session after `opening(session)`, its hello or enrol; asked again, on a new connection, while the server is busy."""
        deadline = time.monotonic() + timeout
        while True:
            session = cls(address, ca, timeout=timeout, **kw)
            try:
                opening(session)
                return session
            except NotNow as busy:
                session.close()
                assert time.monotonic() + busy.retry_s < deadline, "still busy at the end"
                time.sleep(busy.retry_s)  # what the server asked for
            except BaseException:
                session.close()
                raise

    def agenda(self):
        return self.ask("agenda", agenda=pb.AgendaRequest())

    def catalogue(self, digest):
        """The whole catalogue of that hash, part by part, checked against its name."""
        data = b""
        while True:
            part = self.ask("catalogue", catalogue=pb.CatalogueRequest(hash=digest, offset=len(data)))
            assert part.hash == digest and part.offset == len(data) and 0 < len(part.bytes) <= CATALOGUE_PART_MAX
            data += part.bytes
            if len(data) >= part.total:
                break
        assert len(data) == part.total and hashlib.sha256(data).digest() == digest
        return pb.Catalogue.FromString(data)

    def notices(self):
        """What the bureau says about reports of this institution."""
        return self.ask("notices", notices=pb.NoticeRequest())

    def holding(self, school, form, period):
        """What the centre holds of one slot; its id and the signature of the envelope inside are checked."""
        held = self.ask("holding", holding=pb.HoldingRequest(school=school, form=form, period=period))
        assert (held.school, held.form, held.period) == (school, form, period)
        if held.HasField("envelope"):
            inside = held.envelope
            assert statement_id(inside.statement) == held.id
            assert verifies(inside.key, inside.signature, "yuebao-statement-v1", inside.statement)
        return held

    def put(self, env, timeout=None, arrival=None):
        """Send one envelope, with the arrival that a Busy gave for it, and wait for whatever answers it."""
        return self.answer_to(self.send(put=pb.Put(envelope=env, arrival=arrival)), timeout)

    def submit(self, env, timeout=None, arrival=None):
        """Send one envelope until a final answer comes; the Verdict, its signature checked."""
        deadline = time.monotonic() + (timeout or 60)
        while True:
            reply = self.put(env, timeout, arrival)
            kind = reply.WhichOneof("body")
            if kind == "answer":
                return verdict_of(reply.answer, self.welcome.server_key)
            assert kind in ("busy", "wait"), reply
            if kind == "busy":
                assert reply.busy.HasField("arrival") == (self.welcome.protocol >= 2), reply
                arrival = reply.busy.arrival if reply.busy.HasField("arrival") else None
            pause = getattr(reply, kind).retry_ms / 1000
            assert time.monotonic() + pause < deadline, f"still {kind} at the end"
            time.sleep(pause)  # the server's retry-after, not a guess

    def close(self):
        try:
            self.tls.shutdown()
        except SSL.Error:
            pass
        self.socket.close()

    def cut(self):
        """End without a word: a reset, as when a cable is pulled and the router gives up."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


