"""Two machines of one school that send random revisions, in any order, any number of times, while workers die and persons decide; every answer is
held against the model's (two_machines.py)."""

import datetime
import random
import threading
import time

import contract
from contract import pb
from two_machines import Desk, Model, Slot
from world import CLOSED, LATE, OPEN, TODAY, period_of

from bad import country

WEEK = period_of("weekly", TODAY - datetime.timedelta(days=20))


def slots():
    """School, form, period: how it stands in the calendar."""
    return {
        ("0000101", "primary.monthly", OPEN): Slot(), ("0000101", "primary.monthly", LATE): Slot(late=True),
        ("0000101", "primary.monthly", CLOSED): Slot(closed=True), ("0000101", "primary.weekly", WEEK): Slot(),
        ("0000101-J", "junior.monthly", OPEN): Slot(), ("0000101-J", "junior.monthly", LATE): Slot(late=True),
    }


class Machine:
    """A session that is opened again, with the same key, whenever a worker has died under it."""

    def __init__(self, world, key):
        self.world, self.key, self.session = world, key, None

    def open(self):
        deadline = time.monotonic() + 30
        while self.session is None:
            try:
                self.session = self.world.opened(lambda s: s.hello(country.PRIMARY.code, self.key))
            except (OSError, contract.Closed):
                assert time.monotonic() < deadline
        return self.session

    def ask(self, call):
        """Until there is an answer: a broken connection says nothing, and the same bytes are sent again."""
        while True:
            try:
                return call(self.open())
            except (OSError, contract.Closed):
                self.close()

    def put(self, sent):
        """(kind, id, revision) of the final answer, or of "wait"."""
        envelope = contract.envelope(self.key, sent.bytes)
        while True:
            reply = self.ask(lambda s: s.put(envelope))
            kind = reply.WhichOneof("body")
            if kind == "busy":
                time.sleep(reply.busy.retry_ms / 1000)  # what the server asked for
                continue
            if kind == "wait":
                return "wait", reply.wait.id, 0
            return read(contract.verdict_of(reply.answer, self.session.welcome.server_key), sent)

    def start(self, sent):
        """Send, and do not wait."""
        self.ask(lambda s: s.send(put=pb.Put(envelope=contract.envelope(self.key, sent.bytes))))

    def close(self):
        if self.session is not None:
            self.session.close()
        self.session = None


def read(verdict, sent):
    kind = verdict.WhichOneof("outcome")
    assert verdict.id == sent.id and verdict.revision == sent.revision
    if kind == "conflict":
        return kind, verdict.conflict.current_id, verdict.conflict.current_revision
    assert kind in ("receipt", "kept", "declined"), verdict
    assert kind != "receipt" or verdict.receipt.admitted == sent.admitted
    return kind, verdict.id, verdict.revision


class Run:
    def __init__(self, world, key, seed):
        self.world, self.seed, self.dice = world, seed, random.Random(seed)
        self.model, self.desk, self.sent = Model(), Desk(world, self.dice), []
        self.model.slots.update(slots())
        self.machines = [Machine(world, key), Machine(world, key)]
        self.counts = {}

    def next_of(self, name):
        """The lawful next revision of a slot; it may wait in a pocket for a while."""
        current = self.model.slots[name].current
        return self.desk.state(name, current.revision + 1, current.id) if current else self.desk.state(name, 1, b"")

    def skipping(self, name):
        """Revisions n+2 and n+1, the later one first in the post."""
        first = self.next_of(name)
        return self.desk.state(name, first.revision + 1, first.id), first

    def stale(self, name):
        """A revision that was taken, or the next on top of something else."""
        newest = len(self.model.slots[name].chain)
        revision = self.dice.randint(1, newest + 1)
        if revision == 1:
            return self.desk.state(name, 1, b"")
        return self.desk.state(name, revision, self.dice.choice([b"\7" * 32, *(s.id for s in self.sent if s.slot == name)]))

    def choose(self):
        """Statements to be sent, one after the other."""
        name, what = self.dice.choice(list(self.model.slots)), self.dice.random()
        if what < 0.35:
            return [self.next_of(name)]
        if what < 0.50:
            return [self.stale(name)]
        if what < 0.65:
            return list(self.skipping(name))
        return [self.dice.choice(self.sent)] if self.sent else []

    def deliver(self, sent):
        wanted = self.model.answer(sent)
        told = self.dice.choice(self.machines).put(sent)
        assert told == wanted, f"seed {self.seed}: {sent.slot} revision {sent.revision}: told {told}, wanted {wanted}"
        self.sent.append(sent)
        self.counts[wanted[0]] = self.counts.get(wanted[0], 0) + 1

    def kill(self):
        """A statement is on its way when a worker dies: whatever became of it, sent again it is answered as if nothing had been."""
        sent = self.next_of(self.dice.choice(list(self.model.slots)))
        self.dice.choice(self.machines).start(sent)
        self.world.collector.kill_worker(self.dice.choice(self.world.collector.worker_pids()))
        self.deliver(sent)

    def race(self):
        """Both machines file the next revision in the same moment: one receipt, and the other is told whose."""
        name = self.dice.choice([n for n, s in self.model.slots.items() if not s.closed])
        pair = [self.next_of(name), self.next_of(name)]
        told = [None, None]

        def one(at):
            told[at] = self.machines[at].put(pair[at])

        threads = [threading.Thread(target=one, args=(at,)) for at in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winner = next(at for at in (0, 1) if told[at] and told[at][0] == "receipt")
        assert [self.model.answer(pair[winner]), self.model.answer(pair[1 - winner])] == [told[winner], told[1 - winner]], f"seed {self.seed}: {told}"
        self.sent.extend(pair)

    def decide(self):
        """A person admits or declines something that was kept: what is no next revision cannot be admitted."""
        waiting = self.model.undecided()
        if not waiting:
            return
        sent, verb = self.dice.choice(waiting), self.dice.choice(["admit", "admit", "decline"])
        possible = self.model.admit(sent) if verb == "admit" else True
        if verb == "decline":
            self.model.decline(sent)
        self.world.database.ctl("kept", verb, sent.id.hex(), "--reason", "停电", "--key", self.world.where / "receipt.key", ok=0 if possible else 65)
        self.deliver(sent)

    def go(self, operations):
        done = 0
        while done < operations:
            what = self.dice.random()
            if what < 0.02:
                self.kill()
            elif what < 0.08:
                self.race()
            elif what < 0.11:
                self.decide()
            else:
                for sent in self.choose():
                    self.deliver(sent)
            done += 1
        for machine in self.machines:
            machine.close()
