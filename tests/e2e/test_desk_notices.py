"""What the bureau says reaches the clerk: reports that it returned, and what it decided about those that came after close."""

import json
import socket
import sqlite3
import struct
import threading
import time

import pytest
from OpenSSL import SSL

import contract
from clerk import NAMES, change_one, desk_of, file_elsewhere, items, states
from contract import pb
from world import CLOSED, OPEN


def kept(world):
    school, desk, sheet, path, figures = desk_of(world, period=CLOSED)
    desk("submit", path, *NAMES)
    assert states(desk) == {(CLOSED, 1): "kept"}
    return school, desk, sheet, path, figures


def decide(world, verb, desk, reason):
    (item,) = items(desk, CLOSED)
    world.database.ctl("kept", verb, item["id"], "--reason", reason, "--key", world.where / "receipt.key")


def give_back(world, school, note, period=OPEN):
    world.database.ctl("review", "return", str(school.district), period, "--school", school.code, "--note", note)


# ---- decisions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [("status", "--refresh"), ("send",), ("catalogue",)], ids=" ".join)
def test_admitted(world, ask):
    school, desk, sheet, path, figures = kept(world)
    decide(world, "admit", desk, "道路中断，情有可原")
    assert states(desk) == {(CLOSED, 1): "kept"}, "nobody has asked yet"
    assert "已对 1 份留存报告作出决定" in desk(*ask).stdout
    (item,) = items(desk, CLOSED)
    assert (item["state"], item["admitted"], item["admitted_because"]) == ("receipted", True, "道路中断，情有可原")
    assert "已采纳" in desk("status", CLOSED).stdout and "道路中断" in desk("status", CLOSED).stdout
    proof = json.loads(desk("receipt", CLOSED, "--json").stdout)
    assert proof["verified"] and proof["receipt"]["admitted"]
    assert "决定" not in desk(*ask).stdout, "told once"
    number = change_one(world, sheet, path, figures)
    done = desk("submit", path, "--correction", "数错了")
    assert "留存" in done.stdout and number, "it is still closed: the correction is kept in its turn"


def test_declined(world):
    school, desk, sheet, path, figures = kept(world)
    decide(world, "decline", desk, "逾期两月，无正当理由")
    desk("status", "--refresh")
    (item,) = items(desk, CLOSED)
    assert (item["state"], item["reason"], item["declined_because"]) == ("refused", "declined", "逾期两月，无正当理由")
    said = desk("status", CLOSED).stdout
    assert "未予采纳" in said and "逾期两月" in said and len(said.strip().splitlines()) == 1
    assert "declined" in desk("status", CLOSED, lang="en").stdout
    desk("receipt", CLOSED, ok=65)


def test_sent_again_it_gets_the_decision(world):
    """The first answer was lost: the item waits still when the bureau has decided already."""
    school, desk, sheet, path, figures = kept(world)
    decide(world, "admit", desk, "情有可原")
    database = outbox(desk)
    triggers = database.execute("SELECT sql FROM sqlite_master WHERE name = 'item_decided_once'").fetchone()[0]
    database.executescript("DROP TRIGGER item_decided_once; UPDATE item SET state = 'waiting', decided_ms = 0, answer = NULL;"
                           + triggers)
    database.close()
    desk("send")
    (item,) = items(desk, CLOSED)
    assert item["state"] == "receipted" and item["admitted"]


# ---- notes ---------------------------------------------------------------------------------------------------------


def test_returned_until_a_correction_has_its_receipt(world):
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    give_back(world, school, "班级数与学生数不符，请核对")
    assert "退回的报告：1 份" in desk("send").stdout
    (item,) = items(desk, OPEN)
    assert item["state"] == "receipted" and item["returned"]["note"] == "班级数与学生数不符，请核对"
    said = desk("status").stdout
    assert "退回" in said and "班级数与学生数不符" in said and "--correction" in said
    assert "RETURNED" in desk("status", lang="en").stdout
    change_one(world, sheet, path, figures)
    world.collector.stop()
    try:
        desk("submit", path, "--correction", "已核对", ok=75)
        assert "班级数与学生数不符" in desk("status").stdout, "the correction is not at the centre yet"
        desk("status", "--refresh", ok=69)
    finally:
        world.collector.restart()
    desk("send")
    assert [i["state"] for i in items(desk, OPEN)] == ["receipted"] and "退回" not in desk("status").stdout


def test_returned_what_another_computer_filed(world):
    school, desk, sheet, path, figures = desk_of(world)
    _, other, _ = file_elsewhere(world, school)
    give_back(world, school, "请补充说明")
    desk("status", "--refresh")
    (item,) = items(desk, OPEN)
    assert (item["state"], item["id"], item["elsewhere"]) == ("receipted", other.hex(), True)
    assert item["returned"]["note"] == "请补充说明"
    desk("conflict", OPEN)
    (again,) = items(desk, OPEN)
    assert again["id"] == other.hex() and again["returned"]["note"] == "请补充说明"
    assert "请补充说明" in desk("status").stdout


def test_seen_after_all(world):
    """The bureau takes its note back: the centre no longer says it."""
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    give_back(world, school, "看错了")
    desk("status", "--refresh")
    assert "看错了" in desk("status").stdout
    world.database.ctl("review", "seen", str(school.district), OPEN, f"{school.code}@1")
    desk("status", "--refresh")
    assert "看错了" not in desk("status").stdout


# ---- servers that cannot say, or lie --------------------------------------------------------------------------------


class Server:
    """Welcomes anybody, knows the agenda that the desk has, and answers NoticeRequest as it is told: a Reply, or None to hang up."""

    def __init__(self, world, desk, notices):
        self.notices, self.asked = notices, 0
        self.newest = contract.PROTOCOL
        with outbox(desk) as database:
            self.agenda = pb.Agenda.FromString(database.execute("SELECT bytes FROM agenda").fetchone()[0])
            self.keys = [row[0] for row in database.execute("SELECT key FROM server_key")]
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate_file(str(world.authority.certificate))
        self.context.use_privatekey_file(str(world.authority.private_key))
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.listener.getsockname()[1]

    def serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            tls = SSL.Connection(self.context, plain)
            tls.set_accept_state()
            try:
                while self.answer(tls):
                    pass
                tls.shutdown()
            except SSL.Error:
                pass
            plain.close()

    def answer(self, tls):
        head = tls.recv(4)
        request = pb.Request.FromString(tls.recv(struct.unpack(">I", head)[0]))
        kind = request.WhichOneof("body")
        if kind == "hello" and request.hello.protocol > self.newest:
            reply = pb.Reply(fault=pb.Fault(code=pb.FAULT_PROTOCOL, lowest=1, highest=self.newest))
        elif kind == "hello":
            reply = pb.Reply(welcome=pb.Welcome(protocol=request.hello.protocol, server_ms=int(time.time() * 1000), server_key=self.keys, in_flight=8))
        elif kind == "agenda":
            reply = pb.Reply(agenda=self.agenda)
        else:
            self.asked += 1
            reply = self.notices
        if reply is None:
            return False
        reply.number = request.number
        tls.sendall(contract.frame(reply.SerializeToString()))
        return not reply.HasField("fault")


def outbox(desk):
    return sqlite3.connect(desk.home / "y" / "outbox.db", isolation_level=None)


def at(world, desk, notices):
    server = Server(world, desk, notices)
    outbox(desk).execute("UPDATE identity SET server = ?", (server.address,))
    return server


CANNOT_SAY = {
    "an older one: frame fault": pb.Reply(fault=pb.Fault(code=pb.FAULT_FRAME)),
    "an older one: hangs up": None,
    "busy": pb.Reply(busy=pb.Busy(retry_ms=1000)),
    "another reply": pb.Reply(wait=pb.Wait()),
    "a note about nothing": pb.Reply(notices=pb.Notices(notice=[pb.Notice(returned=pb.Returned(note="x"))])),
}


@pytest.mark.parametrize("reply", CANNOT_SAY.values(), ids=CANNOT_SAY)
def test_a_server_that_cannot_say_breaks_nothing(world, reply):
    school, desk, sheet, path, figures = desk_of(world)
    desk("submit", path, *NAMES)
    server = at(world, desk, reply)
    for verb in (["status", "--refresh"], ["send"], ["catalogue"]):
        said = json.loads(desk(*verb, "--json").stdout)
        assert said["notices_fetched"] is False and "error" not in said
    assert server.asked == 3
    assert states(desk) == {(OPEN, 1): "receipted"} and "退回" not in desk("status").stdout


def test_an_older_server_is_spoken_to_in_its_protocol(world):
    school, desk, sheet, path, figures = desk_of(world)
    server = at(world, desk, pb.Reply(notices=pb.Notices()))
    server.newest = contract.PROTOCOL - 1
    said = json.loads(desk("catalogue", "--json").stdout)
    assert "error" not in said and said["notices_fetched"] is True
    server.newest = 0  # older than any number that the desk speaks
    assert "协议" in desk("catalogue", ok=None).stderr


def decision(statement_id, key):
    verdict = pb.Verdict(id=statement_id, decided_ms=1)
    verdict.declined.reason = "逾期"
    data = verdict.SerializeToString()
    return pb.Answer(algorithm=1, key=key.public, verdict=data, signature=key.sign("yuebao-verdict-v1", data))


def test_a_decision_is_believed_like_every_answer(world):
    """Signed by a stranger, about another report, or changed on its way: the item stays kept, and it is said."""
    school, desk, sheet, path, figures = kept(world)
    (item,) = items(desk, CLOSED)
    digest, stranger = bytes.fromhex(item["id"]), contract.Key()
    genuine = contract.Key(bytes.fromhex((world.where / "receipt.key").read_text().split()[1]))
    changed = decision(digest, genuine)
    changed.signature = bytes(64)
    for answer in (decision(digest, stranger), decision(bytes(32), genuine), changed, pb.Answer()):
        at(world, desk, pb.Reply(notices=pb.Notices(notice=[pb.Notice(id=digest, decision=answer)])))
        assert "签名" in desk("status", "--refresh").stderr
        assert states(desk) == {(CLOSED, 1): "kept"}
    at(world, desk, pb.Reply(notices=pb.Notices(notice=[pb.Notice(id=digest, decision=decision(digest, genuine))])))
    desk("status", "--refresh")
    assert states(desk) == {(CLOSED, 1): "refused"}, "the same from the one who may say it"
    at(world, desk, pb.Reply(notices=pb.Notices(notice=[pb.Notice(id=bytes(32), decision=decision(bytes(32), genuine))])))
    said = json.loads(desk("status", "--refresh", "--json").stdout)
    assert said["notices_fetched"] is True, "about a report of another computer: nothing to do here"


def test_an_old_decision_by_a_key_that_is_no_more(world):
    """The centre's key was replaced before this desk was enrolled: decisions of then are none of its business, notes are."""
    school, desk, sheet, path, figures = kept(world)
    note = pb.Notice(id=b"n" * 32, school=school.code, form="primary.monthly", period=OPEN, revision=1, at_ms=1,
                     returned=pb.Returned(note="请核对在校生数"))
    at(world, desk, pb.Reply(notices=pb.Notices(notice=[
        pb.Notice(id=b"o" * 32, decision=decision(b"o" * 32, contract.Key())), note])))
    told = desk("status", "--refresh")
    assert "签名" not in told.stderr and "请核对在校生数" in told.stdout
    assert states(desk)[CLOSED, 1] == "kept"
