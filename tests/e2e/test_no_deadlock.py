"""Claims go in the order of their keys, so links that claim the same slots at once wait for each other and never in a circle: several collectors try."""

import random
import threading

import pytest

import contract
from contract import pb
from house import Collector
from world import LATE, OPEN

from bad import country

SCHOOLS = [f"00009{n:02d}" for n in range(40)]  # of one institution, so that one key files for all


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    world = country.make(cluster, authority, scratch, "no_deadlock")
    path = scratch / "schools.csv"
    path.write_text("code,institution,kind,name_zh,name_en,district,opened_on,closed_on\n" +
                    "".join(f"{code},0000101,primary,校,School,990100,2010-09-01,\n" for code in SCHOOLS))
    world.database.ctl("import", path)
    yield world
    world.close()


def deadlocks(cluster):
    return (cluster.home / "postgres.log").read_text(errors="replace").count("deadlock detected")


def test_links_that_claim_the_same_slots_never_wait_in_a_circle(world, cluster, scratch):
    database, catalogue = world.database, world.catalogue
    database.run("ALTER DATABASE no_deadlock SET deadlock_timeout = '20ms'")
    database.run("""CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
                    CREATE TRIGGER linger BEFORE INSERT ON yuebao.report FOR EACH ROW EXECUTE FUNCTION public.linger()""")
    key = world.enrol(country.PRIMARY)
    before = deadlocks(cluster)
    dice = random.Random(20261126)
    second = Collector(scratch, database, world.authority)
    world.collector.stop()
    world.collector.start()  # its links have the database's new setting
    statements = {(code, period): contract.statement(code, "primary.monthly", period, catalogue.hash, country.figures_of(catalogue, country.LEAN))
                  for code in SCHOOLS for period in (OPEN, LATE)}
    told = [{} for _ in range(6)]

    def send(at, order):
        session = contract.Session.opened((world.collector, second)[at % 2].address, world.authority.ca,
                                          lambda s: s.hello(country.PRIMARY.code, key))
        for slot in order:
            session.send(put=pb.Put(envelope=contract.envelope(key, statements[slot])))
        while len(told[at]) < len(order):
            verdict = contract.verdict_of(session.recv().answer, session.welcome.server_key)
            told[at][verdict.id] = (verdict.WhichOneof("outcome"), verdict.receipt.SerializeToString() if verdict.WhichOneof("outcome") == "receipt" else None)
        session.close()

    threads = [threading.Thread(target=send, args=(at, dice.sample(list(statements), len(statements)))) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.stop()
    assert {outcome for each in told for outcome, _ in each.values()} == {"receipt"} and all(len(each) == len(statements) for each in told)
    assert all(each == told[0] for each in told), "each statement has one receipt, whoever asked"
    assert deadlocks(cluster) == before
    assert database.value("SELECT count(*) FROM yuebao.report") == len(statements)
    database.ctl("check-totals")
