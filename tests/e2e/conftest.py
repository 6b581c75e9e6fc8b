"""One private PostgreSQL for all tests, one database and one collector a module. Removed at the end, whatever happened."""

import itertools
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import house  # noqa: E402
import world as worlds  # noqa: E402


numbers = itertools.count(1)


@pytest.fixture(scope="session")
def scratch():
    """A short path, for sockets."""
    where = Path(tempfile.mkdtemp(prefix="yb-t-", dir="/var/tmp"))
    yield where
    shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster():
    cluster = house.Cluster()
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="session")
def authority(scratch):
    return house.Authority(scratch)


@pytest.fixture(scope="session")
def template(cluster, scratch):
    """Migrated, the catalogue imported, districts and schools, an open calendar: what every database starts from."""
    database = cluster.create("template_world")
    database.ctl("migrate")
    worlds.fill(database, scratch)
    return database


@pytest.fixture(scope="module")
def make_world(cluster, template, authority, scratch):
    """A world of one's own, with its own settings; closed, and checked for a clean end, when the module is done."""
    made = []

    def make(**settings):
        database = cluster.create(f"world_{next(numbers)}", template.name)
        made.append(worlds.World(scratch, database, authority, **settings))
        return made[-1]

    yield make
    problems = []
    for one in made:
        try:
            one.close()
        except AssertionError as error:
            problems.append(error)
    if problems:
        raise problems[0]


@pytest.fixture(scope="module")
def world(make_world):
    return make_world()
