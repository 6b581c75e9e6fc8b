"""A made-up province of fifty million figures (province.sql), in a cluster of its own that can be kept for another run."""

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stage import HERE, Stage, house, program

KEPT = Path("/var/tmp/yuebao-bench")
MAKERS = 2  # one a processor; each makes a window of a form at a time


class KeptCluster(house.Cluster):
    """A cluster in a place that the next run finds again."""

    def __init__(self):
        self.dir, self.home = KEPT, KEPT / "pg"
        self.dir.mkdir(mode=0o755, exist_ok=True)
        self.socket = str(self.home / "socket")
        house.adopt_orphans()
        self.start()

    def destroy(self):
        """What took minutes to make outlives a mistake of those who ask."""
        self.stop()


class Province(Stage):
    """Its database is `database`. With `keep` it is stopped at the end, not removed, and what the run before kept is used again."""

    def __init__(self, keep=False):
        self._keep = keep
        super().__init__(cluster=KeptCluster if keep else house.Cluster)

    def _furnish(self):
        found = self.cluster.rows("postgres", "SELECT 1 FROM pg_database WHERE datname = 'province'")
        for half in ("making",) if found else ("making", "bare"):
            self.cluster.rows("postgres", f"DROP DATABASE IF EXISTS {half}")
        super()._furnish(bare=not found)
        if found:
            self.database = house.Database(self.cluster, "province")
            self.database.ctl("migrate")  # this commit's schema, whichever made it
        else:
            self._make()

    def _make(self):
        began = time.monotonic()
        database = self.cluster.create("making", template="bare")
        catalogue = house.run(program("papers"), "catalogue").stdout.strip()
        database.run("""INSERT INTO yuebao.catalogue (catalogue, hash, bytes) OVERRIDING SYSTEM VALUE
                        SELECT 1, sha256(c.bytes), c.bytes FROM decode(%s, 'hex') AS c (bytes)""", catalogue)
        database.run((HERE / "province.sql").read_text(encoding="utf-8"))
        database.run("VACUUM ANALYZE")
        windows = database.rows("SELECT form, period FROM yuebao.calendar ORDER BY period, form")
        with ThreadPoolExecutor(MAKERS) as makers:
            made = sum(makers.map(lambda window: database.value("SELECT bench.fill(%s, %s)", *window), windows))
        database.run("SELECT yuebao.add_up_above()")
        database.run("SELECT yuebao.note_windows(NULL)")
        database.run("VACUUM ANALYZE")
        with ThreadPoolExecutor(MAKERS) as makers:
            list(makers.map(lambda _: database.run("SELECT yuebao.note_past(NULL)"), range(MAKERS)))
        database.run("VACUUM ANALYZE yuebao.past_note")
        database.run("CHECKPOINT")
        self.cluster.rows("postgres", "ALTER DATABASE making RENAME TO province")  # half a province is none
        self.database = house.Database(self.cluster, "province")
        print(f"{made:,} figures made in {time.monotonic() - began:.0f} s", file=sys.stderr)

    def reports(self, count, first, rate):
        """So many primary schools report the month that is open, at this rate, into the collector's room."""
        return self.books("batch", self.database, reports=count, first=first, links=2, spread=2, schools=10000, period="2026-11", rate=rate)

    def forget_reports(self):
        """The province as it was made: no primary school has reported the month that is open."""
        for table in ("report", "figure", "remark", "total_delta", "total_folded", "total_above"):
            self.database.run(f"DELETE FROM yuebao.{table} WHERE period = '2026-11-01' AND form = 1")
            self.database.run(f"VACUUM ANALYZE yuebao.{table}" + ("" if table.startswith("total") else "_2026_11"))

    def figures(self):
        return self.database.value("SELECT sum(n_live_tup) FROM pg_stat_user_tables WHERE relname ~ '^figure_2'")

    def close(self):
        if not self._keep:
            super().close()
            return
        shutil.rmtree(self.where, ignore_errors=True)
        self.cluster.stop()
