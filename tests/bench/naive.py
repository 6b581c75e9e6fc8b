"""naive: what people write instead, on the same figures and the same PostgreSQL: rows from a script, JSON over HTTP."""

import os
import shutil
import subprocess

from measure import Gun, Report, Rounds, figures_of
from stage import FIGURES, FIRST_DAY, HERE, MONTH, ROOT, program

REPORTS = {"yuebao": 5000, "http": 3000, "rows": 40}
HTTP_CONNECTIONS = 32
MODULES = ROOT / "build" / "bench" / "naive"


def node_modules():
    """fastify and pg from npm, fetched once; why not, in words, if they cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "there is no node or no npm here (deploy/install-packages bench)"
    MODULES.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "naive" / "package.json", MODULES)
    shutil.copy(HERE / "naive" / "server.js", MODULES)
    if not (MODULES / "node_modules" / "fastify").exists() or not (MODULES / "node_modules" / "pg").exists():
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=MODULES, capture_output=True, text=True)
        if done.returncode != 0:
            return "npm could not install fastify and pg: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return None


class Service:
    """The JSON service, one process as peers run it best (PostgreSQL, not Node, fills the second core)."""

    def __init__(self, stage, database):
        env = {**os.environ, "PGHOST": stage.cluster.socket, "PGUSER": "postgres", "PGDATABASE": database.name, "PERIOD": FIRST_DAY}
        self.process = subprocess.Popen(["node", "server.js"], cwd=MODULES, env=env, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        if not self.port:
            raise SystemExit("bench: the JSON service did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def bench(stage, options):
    rounds = Rounds()
    missing = node_modules()
    database = stage.database("naive")
    collector = stage.collector(database)
    service = None if missing else Service(stage, database)

    def checked(name, reports, figures):
        stored = database.value(f"SELECT count(*) FROM yuebao.figure_{MONTH}")
        if stored != reports * FIGURES:
            raise SystemExit(f"bench: {name}: {stored} figures are stored, not {reports * FIGURES}")
        rounds.add(name, figures)

    def http():
        gun = Gun(program("post"), service.port, stage.schools, 0, REPORTS["http"], HTTP_CONNECTIONS)
        return figures_of(gun.fire(collector=service.process.pid, postgres=stage.postmaster))

    def rows():
        gun = Gun("/usr/bin/python3", "-B", HERE / "naive" / "rows.py", database.conninfo(), FIRST_DAY, program("papers"), stage.schools,
                  REPORTS["rows"])
        return figures_of(gun.fire(postgres=stage.postmaster))

    ways = {"yuebao": lambda: stage.load(collector, reports=REPORTS["yuebao"]), "http": http, "rows": rows}
    if missing:
        del ways["http"]
    names = list(ways)
    try:
        for turn in range(options.rounds):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                stage.empty(database)
                checked(name, REPORTS[name], ways[name]())
    finally:
        if service:
            service.stop()
    collector.stop()
    return told(rounds, options, missing)


def told(rounds, options, missing):
    report = Report("naive", rounds, options.rounds, f"{FIGURES} figures a report; 'collector' is the service's own process")
    medians = rounds.medians()
    if missing:
        report.note(f"JSON over HTTP was not measured: {missing}.")
    else:
        node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
        report.ratio("yuebao_of_http", "reports a second, Yuebao / JSON over HTTP", "yuebao", "http", "reports_s", goal="≥ 2")
        for name in ("yuebao", "http"):
            report.say(f"{name}_cpu_s_per_1000", f"s of service and PostgreSQL a 1,000 reports, {name}",
                       medians[name]["cpu_collector_s_per_1000"] + medians[name]["cpu_postgres_s_per_1000"])
        report.note(f"Node {node}; no TLS, signature, receipt, ledger or totals in JSON over HTTP; none of it either in rows one by one.")
    report.ratio("yuebao_of_rows", "reports a second, Yuebao / rows one by one", "yuebao", "rows", "reports_s", goal="≥ 10")
    return report
