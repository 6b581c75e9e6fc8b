"""Two machines with one key send random revisions, in any order, any number of times: every answer and all books are the model's."""

import os
import random
import shutil

import pytest

from house import Desk as RealDesk
from machines import Run
from sheet import Sheet
from two_machines import assert_books_are
from world import OPEN

from bad import country

SEED = int(os.environ.get("YUEBAO_SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)
OPERATIONS = 500


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    world = country.make(cluster, authority, scratch, "two_machines")
    yield world
    world.close()


def test_random_revisions_from_two_machines(world):
    print(f"YUEBAO_SEED={SEED}")
    run = Run(world, world.enrol(country.PRIMARY), SEED)
    run.go(OPERATIONS)
    assert set(run.counts) == {"receipt", "conflict", "wait", "kept", "declined"}, run.counts
    assert any(one.admitted for slot in run.model.slots.values() for one in slot.chain)
    assert world.database.value("SELECT count(*) FROM yuebao.kept") == sum(len(s.kept) for s in run.model.slots.values())
    assert_books_are(world, run.model)


# ---- two real desks ------------------------------------------------------------------------------------------------------

NAMES = ["--filler", "王芳", "--reviewer", "李强", "--head", "赵敏"]


def test_two_real_desks_that_share_an_identity(world):
    """The outbox is copied right after the enrolment: both file revision 1; the second is told, and files on top."""
    first = world.desk(country.OTHER)
    second = RealDesk(world.where, world.collector, country.OTHER.code)
    shutil.copytree(first.home / "y", second.home / "y")
    path = {}
    for desk, pupils in ((first, 360), (second, 380)):
        path[desk] = desk.home / "s.csv"
        desk("template", OPEN, "-o", path[desk])
        sheet = Sheet(path[desk]).fill(world.catalogue, country.figures_of(world.catalogue, {**country.LEAN, "pupils": str(pupils)}))
        sheet.save(path[desk])

    def pupils():
        return world.booked(country.OTHER)[world.catalogue.number("pupils")][0]

    first("submit", path[first], *NAMES)
    said = second("submit", path[second], *NAMES, ok=65).stdout
    assert "第 1 次报告" in said, said
    assert pupils() == 360, "never the last writer"
    second("submit", path[second], *NAMES, "--correction", "以本机为准")
    assert [r for r, _ in world.revisions(country.OTHER)] == [1, 2] and pupils() == 380
    Sheet(path[first]).fill(world.catalogue, country.figures_of(world.catalogue, {"pupils": "365"})).save(path[first])
    first("submit", path[first], *NAMES, "--correction", "又改", ok=65)
    assert pupils() == 380, "the first machine did not know of revision 2"
    first("submit", path[first], *NAMES, "--correction", "又改")
    assert [r for r, _ in world.revisions(country.OTHER)] == [1, 2, 3] and pupils() == 365
    assert "已有回执" in second("submit", path[second], *NAMES, "--correction", "以本机为准").stdout, "what was replaced does not come back unasked"
    assert len(world.revisions(country.OTHER)) == 3
    world.assert_books_agree()
