#!/usr/bin/python3
"""Write proto/vectors.json: the contract's test vectors, made without any of the C code.

usage: tests/unit/vectors.py > proto/vectors.json

Messages come from proto/yuebao.proto through protoc and python3-protobuf, signatures from python3-cryptography. test_vectors.c
then wants the C code to agree with every line; a client in a third language can do the same.
"""
import hashlib
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def contract():
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={made}", "yuebao.proto"], check=True)
        sys.path.insert(0, made)
        return importlib.import_module("yuebao_pb2")


pb = contract()


class Key:
    def __init__(self, seed):
        self.seed = seed
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def told(self):
        return {"seed": self.seed.hex(), "public": self.public.hex()}


SCHOOL = Key(bytes(range(32)))
SERVER = Key(bytes(range(32, 64)))
EXPORTER = bytes(range(64, 96))
CODE = "0123456789AB"
NOW_MS = 1793500000000


def part(data):
    return len(data).to_bytes(4, "big") + data


def signed_bytes(purpose, *parts):
    return part(purpose.encode()) + b"\x01" + b"".join(part(p) for p in parts)


def signed(key, purpose, *parts):
    data = signed_bytes(purpose, *parts)
    return {"purpose": purpose, "parts": [p.hex() for p in parts], "signed_bytes": data.hex(),
            "signature": key.private.sign(data).hex()}


def frame(message):
    return part(message.SerializeToString()).hex()


def plain(message):
    """What a message says, with bytes in hex and enums by name."""
    def of(field, value):
        if field.message_type:
            return plain(value)
        if field.enum_type:
            return field.enum_type.values_by_number[value].name
        return value.hex() if isinstance(value, bytes) else value

    return {field.name: [of(field, v) for v in value] if field.label == field.LABEL_REPEATED else of(field, value)
            for field, value in message.ListFields()}


def catalogue():
    c = pb.Catalogue(made_ms=1760000000000)
    c.indicator.add(number=1, code="enrolled_pupils", name_zh="在校学生数", name_en="Pupils enrolled", unit="persons",
                    max=pb.Bound(scaled=5000), min=pb.Bound(), unit_zh="人")
    c.indicator.add(number=2, code="pupil_attendance_rate", name_zh="学生出勤率", name_en="Attendance rate", unit="ratio",
                    measure=pb.RATIO, over_schools=pb.SCHOOLS_RATIO_OF_SUMS, min=pb.Bound(), max=pb.Bound(scaled=1),
                    numerator_zh="实到人次", numerator_en="present", denominator_zh="应到人次", denominator_en="expected")
    c.indicator.add(number=4, code="library_area", name_zh="图书馆面积", name_en="Library area", unit="m2", measure=pb.AREA,
                    decimals=1, min=pb.Bound(), max=pb.Bound(scaled=5005, decimals=1))
    c.form.add(code="primary.monthly", kind="primary", frequency="monthly", name_zh="小学月报",
               name_en="Primary school, monthly", required=[1, 2], optional=[4])
    return c.SerializeToString()


def statement(catalogue_hash, **fields):
    return pb.Statement(school="0220203001", form="primary.monthly", period="2026-10", catalogue=catalogue_hash, filler="王芳",
                        reviewer="李强", head="张敏", filled_ms=NOW_MS - 60000, **fields)


def report(message):
    data = message.SerializeToString()
    told = {"message": plain(message), "bytes": data.hex(), **signed(SCHOOL, "yuebao-statement-v1", data)}
    identity = hashlib.sha256(bytes.fromhex(told["signed_bytes"])).digest()
    envelope = pb.Envelope(algorithm=1, key=SCHOOL.public, statement=data, signature=bytes.fromhex(told["signature"]))
    told["id"] = identity.hex()
    told["put_frame"] = frame(pb.Request(number=message.revision + 1, put=pb.Put(envelope=envelope)))
    return identity, told


def verdict(identity, message, number, **outcome):
    v = pb.Verdict(id=identity, school=message.school, form=message.form, period=message.period, revision=message.revision,
                   decided_ms=NOW_MS, **outcome)
    data = v.SerializeToString()
    told = {"message": plain(v), "bytes": data.hex(), **signed(SERVER, "yuebao-verdict-v1", data)}
    answer = pb.Answer(algorithm=1, key=SERVER.public, verdict=data, signature=bytes.fromhex(told["signature"]))
    told["answer_frame"] = frame(pb.Reply(number=number, answer=answer))
    return told


def turned_away(envelope_of):
    """No room: what the server says, and the report as it comes again. The MAC is the server's secret; here it is any 32 bytes."""
    arrival = pb.Arrival(at_ms=NOW_MS - 30000, mac=bytes(range(96, 128)))
    put = pb.Request.FromString(bytes.fromhex(envelope_of["put_frame"])[4:]).put
    put.arrival.CopyFrom(arrival)
    return {"arrival": plain(arrival), "busy_frame": frame(pb.Reply(number=2, busy=pb.Busy(retry_ms=90000, arrival=arrival))),
            "put_frame": frame(pb.Request(number=2, put=put))}


def hello():
    school = b"0220203001"
    told = signed(SCHOOL, "yuebao-hello-v1", EXPORTER, school, SCHOOL.public)
    request = pb.Hello(protocol=2, school=school.decode(), algorithm=1, key=SCHOOL.public,
                       signature=bytes.fromhex(told["signature"]), software="vectors 1")
    return {"exporter": EXPORTER.hex(), **told, "frame": frame(pb.Request(number=1, hello=request))}


def enrol():
    school = b"0220203001"
    told = signed(SCHOOL, "yuebao-enrol-v1", EXPORTER, school, CODE.encode(), SCHOOL.public)
    request = pb.Enrol(protocol=2, school=school.decode(), code=CODE, algorithm=1, key=SCHOOL.public,
                       signature=bytes.fromhex(told["signature"]), software="vectors 1")
    return {"exporter": EXPORTER.hex(), "code": CODE, "code_sha256": hashlib.sha256(CODE.encode()).hexdigest(), **told,
            "frame": frame(pb.Request(number=1, enrol=request))}


# What an encoder must never send: each is a Request body or a Statement that protobuf libraries decode without a word.
REFUSED = [
    ("unknown field 100 of Request", "Request", "08011a00a00601"),
    ("field 1 of Request twice", "Request", "080108022200"),
    ("two members of one oneof", "Request", "080122002a00"),
    ("a varint that is not minimal", "Request", "0881002200"),
    ("number over 32 bits", "Request", "0880808080102200"),
    ("a group", "Request", "0b0c"),
    ("a wire type that is not the field's", "Request", "0d010000002200"),
    ("a length beyond the end", "Request", "220208"),
    ("packed figures written unpacked", "Statement", "50015002"),
    ("a packed field in two pieces", "Statement", "520101520102"),
    ("an empty packed field", "Statement", "5200"),
    ("an enum value without a name", "Statement", "720105"),
    ("a string that is not UTF-8", "Statement", "0a02c0af"),
    ("a control character in a string", "Statement", "0a020941"),
    ("a C1 control in a string", "Statement", "0a02c285"),
]

PERIODS = [  # text, first day, last day (days since 1970-01-01)
    ("2026-10-31", 20757, 20757), ("2026-W01", 20451, 20457), ("2026-W53", 20815, 20821), ("2026-10", 20727, 20757),
    ("2026-Q4", 20727, 20818), ("2026-S1", 20485, 20665), ("2026-S2", 20666, 20849), ("2026", 20454, 20818),
    ("2028-02", 21215, 21243),
]


def main():
    data = catalogue()
    hashed = hashlib.sha256(data).digest()
    first = statement(hashed, revision=1, indicator=[1, 2], value=[500, 485], denominator=[0, 500], missing=[4],
                      missing_reason=[pb.NOT_YET_KNOWN])
    first_id, first_told = report(first)
    second = statement(hashed, revision=2, previous=first_id, indicator=[1, 2, 4], value=[498, 485, 1205],
                       denominator=[0, 500, 0], correction="两名学生本月已转出")
    second_id, second_told = report(second)
    finding = pb.Finding(code=pb.ABOVE_MAX, severity=pb.ERROR, indicator=1, found="6000", bound="5000")
    json.dump({
        "about": "Test vectors of the contract; PROTOCOL.md explains them. Bytes are hex. Made by tests/unit/vectors.py.",
        "keys": {"school": SCHOOL.told(), "server": SERVER.told()},
        "catalogue": {"bytes": data.hex(), "sha256": hashed.hex()},
        "statements": [first_told, second_told],
        "verdicts": [
            verdict(first_id, first, 2, receipt=pb.Receipt()),
            verdict(second_id, second, 3, receipt=pb.Receipt(late=True)),
            verdict(first_id, first, 2, reject=pb.Reject(finding=[finding])),
            verdict(first_id, first, 2, conflict=pb.Conflict(current_id=second_id, current_revision=2)),
            verdict(first_id, first, 2, kept=pb.Kept(closed_ms=NOW_MS - 1)),
            verdict(first_id, first, 2, receipt=pb.Receipt(late=True, admitted=True, reason="停电一周，情况属实")),
            verdict(first_id, first, 2, declined=pb.Declined(reason="已由中心校代报")),
            verdict(first_id, first, 2, receipt=pb.Receipt(arrived_ms=NOW_MS - 30000)),
        ],
        "turned_away": turned_away(first_told),
        "hello": hello(),
        "enrol": enrol(),
        "refused": [{"why": why, "message": message, "bytes": data} for why, message, data in REFUSED],
        "periods": [{"text": text, "first_day": first, "last_day": last} for text, first, last in PERIODS],
    }, sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
