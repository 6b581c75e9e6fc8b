"""proto/vectors.json, read by the second implementation of the contract."""

import datetime
import hashlib
import json

import pytest

import contract
from contract import pb
from house import ROOT
from world import first_day

VECTORS = json.loads((ROOT / "proto" / "vectors.json").read_text())
KEYS = {name: contract.Key(bytes.fromhex(pair["seed"])) for name, pair in VECTORS["keys"].items()}
SIGNED = ([("school", v) for v in VECTORS["statements"]] + [("server", v) for v in VECTORS["verdicts"]]
          + [("school", VECTORS["hello"]), ("school", VECTORS["enrol"])])


def raw(text):
    return bytes.fromhex(text)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_seeds_make_these_keys(name):
    assert KEYS[name].public.hex() == VECTORS["keys"][name]["public"]


@pytest.mark.parametrize("signer, vector", SIGNED, ids=[f"{v['purpose']}-{n}" for n, (_, v) in enumerate(SIGNED)])
def test_signed_bytes_and_signatures(signer, vector):
    parts = [raw(p) for p in vector["parts"]]
    assert contract.signed_bytes(vector["purpose"], *parts).hex() == vector["signed_bytes"]
    assert contract.verifies(KEYS[signer].public, raw(vector["signature"]), vector["purpose"], *parts)
    assert KEYS[signer].sign(vector["purpose"], *parts).hex() == vector["signature"], "Ed25519 is deterministic"
    assert not contract.verifies(KEYS[signer].public, raw(vector["signature"]), "yuebao-other-v1", *parts)


def fields_of(message, wanted):
    """Compare what a JSON object says of a message, field by field."""
    for name, value in wanted.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        got = getattr(message, name)
        repeated = field.label == field.LABEL_REPEATED
        if field.message_type and not repeated:
            assert message.HasField(name)
            fields_of(got, value)
        elif field.message_type:
            assert len(got) == len(value)
            for one, want in zip(got, value):
                fields_of(one, want)
        elif field.enum_type:
            names = field.enum_type.values_by_name
            want = [names[v].number for v in value] if repeated else names[value].number
            assert (list(got) if repeated else got) == want
        elif field.type == field.TYPE_BYTES:
            assert got == raw(value)
        else:
            assert (list(got) if repeated else got) == value


@pytest.mark.parametrize("vector", VECTORS["statements"])
def test_statements(vector):
    statement = pb.Statement.FromString(raw(vector["bytes"]))
    fields_of(statement, vector["message"])
    assert statement.SerializeToString(deterministic=True).hex() == vector["bytes"]
    assert contract.statement_id(raw(vector["bytes"])).hex() == vector["id"]
    request = pb.Request.FromString(raw(vector["put_frame"])[4:])
    assert request.put.envelope == contract.envelope(KEYS["school"], raw(vector["bytes"]))
    assert contract.frame(request.SerializeToString()).hex() == vector["put_frame"]


def test_a_correction_names_the_statement_before():
    first, second = VECTORS["statements"][:2]
    assert second["message"]["previous"] == first["id"]


@pytest.mark.parametrize("vector", VECTORS["verdicts"])
def test_verdicts(vector):
    reply = pb.Reply.FromString(raw(vector["answer_frame"])[4:])
    verdict = contract.verdict_of(reply.answer, [KEYS["server"].public])
    assert reply.answer.verdict.hex() == vector["bytes"]
    fields_of(verdict, vector["message"])


def test_every_outcome_has_a_vector():
    outcomes = {pb.Verdict.FromString(raw(v["bytes"])).WhichOneof("outcome") for v in VECTORS["verdicts"]}
    assert outcomes == {f.name for f in pb.Verdict.DESCRIPTOR.oneofs_by_name["outcome"].fields}


def test_hello_and_enrol():
    for kind in ("hello", "enrol"):
        vector = VECTORS[kind]
        request = pb.Request.FromString(raw(vector["frame"])[4:])
        message = getattr(request, kind)
        assert message.signature.hex() == vector["signature"] and message.key == KEYS["school"].public
        middle = [message.school.encode()] + ([message.code.encode()] if kind == "enrol" else [])
        assert [raw(vector["exporter"]), *middle, message.key] == [raw(p) for p in vector["parts"]]
    assert hashlib.sha256(VECTORS["enrol"]["code"].replace("-", "").encode()).hexdigest() == VECTORS["enrol"]["code_sha256"]


def test_the_catalogue():
    data = raw(VECTORS["catalogue"]["bytes"])
    assert hashlib.sha256(data).hexdigest() == VECTORS["catalogue"]["sha256"]
    catalogue = pb.Catalogue.FromString(data)
    assert catalogue.SerializeToString(deterministic=True) == data
    assert [i.number for i in catalogue.indicator] == sorted(i.number for i in catalogue.indicator)


def test_periods():
    for vector in VECTORS["periods"]:
        day = (first_day(vector["text"]) - datetime.date(1970, 1, 1)).days
        assert day == vector["first_day"], vector
        assert vector["last_day"] >= day
