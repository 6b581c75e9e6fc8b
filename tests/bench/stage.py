"""Where everything is measured: a private PostgreSQL with a server's settings, made-up schools, a collector, certificates.

Figures are those of sixty.h, schools those of paper.h. Two years of months have their partitions; one period is open.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "bench"
os.environ["YUEBAO_BUILD"] = str(BUILD)
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import house  # noqa: E402 - after the path and the build are set

from measure import Gun, figures_of  # noqa: E402

PERIOD, MONTH, FIRST_DAY = "2026-10", "2026_10", "2026-10-01"
FIGURES = 60
SCHOOLS_A_DISTRICT, DISTRICT = 100, 100001  # paper.h
AHEAD = 100  # books.c
SESSIONS, WINDOW = 32, 16  # of the load over kept sessions


def memory_mb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 ** 20


def server_settings():
    """As an administrator sets them on a machine of this size: a quarter of it shared, checkpoints far apart. Everything that makes
    a COMMIT safe keeps its default: fsync, full_page_writes and synchronous_commit are on."""
    return [f"shared_buffers={min(2048, max(128, memory_mb() // 4))}MB", "max_wal_size=8GB", "checkpoint_timeout=15min",
            "maintenance_work_mem=256MB"]


def program(name):
    return BUILD / "tests" / "bench" / f"bench_{name}"


class Stage:
    def __init__(self, schools=20000, cluster=house.Cluster):
        self.schools = schools
        self._collectors = []
        os.environ["YUEBAO_PG_CONF"] = " ".join(server_settings())
        self.cluster = cluster()
        try:
            self._furnish()
        except BaseException:
            self.cluster.destroy()
            raise

    def _furnish(self, bare=True):
        self.where = Path(tempfile.mkdtemp(prefix="bench-", dir=self.cluster.dir))
        self.authority = house.Authority(self.where)
        self.receipt_key = self.where / "receipt.key"
        house.run(BUILD / "server" / "ctl" / "yuebaoctl", "key", self.receipt_key)
        if not bare:
            return
        self.bare = self.cluster.create("bare")
        self.bare.ctl("migrate")
        self.bare.run("SELECT yuebao.make_partitions('2024-10-01', '2026-12-01')")

    @property
    def postmaster(self):
        return self.cluster.postmaster()

    # -- databases --

    def database(self, name):
        """A database of its own with all schools, their keys and an open period."""
        database = self.cluster.create(name, template="bare")
        self.add_schools(database, self.schools)
        keys = house.run(program("papers"), "keys", self.schools).stdout.split()
        database.run("""INSERT INTO yuebao.school_key (key, school) SELECT decode(k.key, 'hex'), k.n
                        FROM unnest(%s::text[]) WITH ORDINALITY AS k (key, n)""", keys)
        self._open_period(database)
        database.run("VACUUM ANALYZE")
        return database

    def large_database(self, name, schools, figures):
        """A database with so many schools and no keys, for `books`, and at least so many figures of others; with it, the spread of the
        schools' ids and how many figures are there."""
        database = self.cluster.create(name, template="bare")
        spread = -(-figures // (schools * FIGURES)) + 1
        self.add_schools(database, schools, spread)
        database.run("VACUUM ANALYZE")
        return database, spread, self._fill(database, schools, spread)

    def add_schools(self, database, schools, spread=1):
        """School n has the id (n - 1) * spread + 1."""
        database.run("INSERT INTO yuebao.district VALUES (100000, NULL, 'nation', '全国', 'Nation')")
        database.run("""INSERT INTO yuebao.district SELECT %s + n, 100000, 'county', '县' || n, 'County ' || n
                        FROM generate_series(0, %s) AS n""", DISTRICT, (schools - 1) // SCHOOLS_A_DISTRICT)
        database.run("""INSERT INTO yuebao.school (school, code, institution, kind, name_zh, name_en, opened_on) OVERRIDING SYSTEM VALUE
                        SELECT (n - 1) * %s + 1, lpad(n::text, 10, '0'), lpad(n::text, 10, '0'), 'primary', '学校' || n, 'School ' || n,
                        '2010-09-01' FROM generate_series(1, %s) AS n""", spread, schools)
        database.run("""INSERT INTO yuebao.school_district (school, valid_from, district)
                        SELECT (n - 1) * %s + 1, '2010-09-01', %s + (n - 1) / %s FROM generate_series(1, %s) AS n""",
                     spread, DISTRICT, SCHOOLS_A_DISTRICT, schools)

    def _open_period(self, database):
        catalogue = house.run(program("papers"), "catalogue").stdout.strip()
        database.run("""INSERT INTO yuebao.form (form, code, kind, frequency, name_zh, name_en) OVERRIDING SYSTEM VALUE
                        VALUES (1, 'primary.monthly', 'primary', 'monthly', '小学月报', 'Primary school, monthly')""")
        database.run("""INSERT INTO yuebao.catalogue (catalogue, hash, bytes) OVERRIDING SYSTEM VALUE
                        SELECT 1, sha256(c.bytes), c.bytes FROM decode(%s, 'hex') AS c (bytes)""", catalogue)
        database.run("""INSERT INTO yuebao.calendar (form, period, opens_at, due_at, closes_at, catalogue)
                        VALUES (1, %s, now() - interval '20 days', now() + interval '5 days', now() + interval '30 days', 1)""", FIRST_DAY)

    def empty(self, database):
        """Nobody has reported yet, and nothing of the run before is still to be written."""
        tables = [f"yuebao.{table}_{MONTH}" for table in ("report", "figure", "figure_history", "remark")]
        database.run(f"TRUNCATE {', '.join(tables)}, yuebao.kept, yuebao.decision, yuebao.total_delta, yuebao.total_folded, yuebao.total_above")
        database.run("CHECKPOINT")

    def _fill(self, database, schools, spread):
        """Figures of other schools of the same districts and the same period, between the ones that will report; how many."""
        others = f"generate_series(1, {schools * spread}) AS s (school)"
        where = f"(s.school - 1) % {spread} <> 0"
        district = f"{DISTRICT} + (s.school - 1) / {spread * SCHOOLS_A_DISTRICT}"
        database.run(f"""INSERT INTO yuebao.figure_{MONTH} (district, period, school, indicator, form, value, denominator)
                         SELECT {district}, '{FIRST_DAY}', s.school, i.n, 1, 300 + i.n, CASE WHEN i.n % 4 = 0 THEN 400 + i.n ELSE 0 END
                         FROM {others} CROSS JOIN generate_series(1, {FIGURES}) AS i (n) WHERE {where}""")
        database.run(f"""INSERT INTO yuebao.report_{MONTH} (district, period, school, form, revision, id, catalogue, key, received_at, late,
                         filler, reviewer, head, envelope, receipt)
                         SELECT {district}, '{FIRST_DAY}', s.school, 1, 1, sha256(s.school::text::bytea), 1, sha256(s.school::text::bytea),
                         now(), false, '王芳', '李强', '赵敏', decode(repeat(md5(s.school::text), 38), 'hex'),
                         decode(repeat(md5(s.school::text), 13), 'hex') FROM {others} WHERE {where}""")
        database.run(f"VACUUM ANALYZE yuebao.figure_{MONTH}")
        database.run(f"VACUUM ANALYZE yuebao.report_{MONTH}")
        database.run("CHECKPOINT")
        return database.value(f"SELECT count(*) FROM yuebao.figure_{MONTH}")

    # -- programs --

    def collector(self, database, **settings):
        collector = house.Collector(self.where, database, self.authority, build=BUILD, **settings)
        self._collectors.append(collector)
        return collector

    def books(self, way, database, *, reports, first=0, batch=100, links=1, spread=1, schools=None, period=PERIOD, rate=0):
        """The database's share alone (books.c)."""
        gun = Gun(program("books"), way, "--database", database.conninfo("yuebao_collector"), "--receipt-key", self.receipt_key,
                  "--period", period, "--schools", schools or self.schools, "--reports", reports, "--first", first, "--batch", batch,
                  "--links", links, "--spread", spread, "--rate", rate)
        return figures_of(gun.fire(postgres=self.postmaster))

    def load(self, collector, *, reports, sessions=SESSIONS, window=WINDOW, more=()):
        """Reports through the whole house (load.c)."""
        gun = Gun(program("load"), "--port", collector.address[1], "--ca", self.authority.ca, "--schools", self.schools, "--period", PERIOD,
                  "--reports", reports, "--sessions", sessions, "--window", window, *more)
        return figures_of(gun.fire(collector=collector.process.pid, postgres=self.postmaster))

    def close(self):
        try:
            for collector in self._collectors:
                if collector.process.poll() is None:
                    collector.stop()
        finally:
            self.cluster.destroy()
