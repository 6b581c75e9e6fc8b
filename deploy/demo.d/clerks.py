#!/usr/bin/env python3
"""Play the clerks: enrol every school, fill in its sheets, send them with the real client.

    clerks.py periods                          the periods that the calendar has to hold open
    clerks.py closed                           those that the centre closes before the last is in
    clerks.py work --stage DIR --port PORT     do it; what each clerk did and saw goes to DIR/journal.json
    clerks.py late --stage DIR --port PORT     the one who comes after the close

Each institution has an outbox and a desk of its own: DIR/homes/CODE and DIR/desk/CODE/PERIOD.csv.
"""
import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cut import CuttingProxy
from figures import Catalogue, School, text
from schools import COLUMNS, PLACES, rows

PLANS = Path(os.environ["YUEBAO_SQL"]) / "plans" if "YUEBAO_SQL" in os.environ else Path(__file__).parents[2] / "sql/plans"
YEAR = {district: year for district, _, _, year, _ in PLACES}

# Clerks who are awkward on purpose: school -> what happens there
AWKWARD = {
    "0220203019": "errors",     # sends a file with errors, mends it
    "0220203020": "three",      # sends the same file three times
    "0220203021": "corrects",   # corrects a figure a week later
    "0220203022": "cut",        # loses the connection mid-way, sends later
    "0220203023": "late_start", # enrolled, never reports
    "0220203024": "never",      # never even enrols
    "0220203025": "after_close", # sends October when it has closed
    "0220203026": "warned",     # has a figure that a rule warns of, says why it is right
    "0220203027": "two",        # has two computers, which disagree
    "0341881012": "late_start",
    "0410482015": "never",
    "0619900011": "late_start",
}


def periods_of(district, kind):
    """(frequency, period, step) that a school has to file in the demo."""
    year = YEAR[district]
    months = [("monthly", f"{year}-{month:02d}", step) for step, month in enumerate((10, 11, 12))]
    if kind == "district":
        return months + [("quarterly", f"{year}-Q4", 2), ("termly", f"{year}-S1", 0), ("yearly", f"{year}", 2)]
    return months + [("termly", f"{year}-S1", 0), ("daily", f"{year}-12-31", 2), ("yearly", f"{year}", 2)]


class Clerk:
    """One institution: one outbox, one or more schools."""

    def __init__(self, stage, institution, schools, code, server):
        self.stage, self.institution, self.schools, self.code, self.server = stage, institution, schools, code, server
        self.home = stage / "homes" / institution
        self.desk = stage / "desk" / institution
        self.awkward = AWKWARD.get(institution)
        self.journal = []

    def yuebao(self, *words):
        run = subprocess.run(["yuebao", "--home", str(self.home), *words], capture_output=True, text=True, check=False)
        return run.returncode, (run.stdout + run.stderr).strip()

    def note(self, school, period, act, code, said, rows=0):
        self.journal.append(dict(school=school, period=period, act=act, exit=code, said=said, rows=rows))
        return code

    def work(self, tick):
        if self.awkward == "never":
            return
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.desk.mkdir(parents=True, exist_ok=True)
        first = self.schools[0].code
        code, said = self.yuebao("enrol", self.code, "--school", first, "--server", str(self.server), "--ca", str(self.stage / "tls/ca.pem"))
        if self.note(first, "", "enrol", code, said) != 0 or self.awkward == "late_start":
            return
        for school in self.schools:
            for frequency, period, step in periods_of(school.district, school.kind):
                if school.catalogue.form(school.kind, frequency):
                    tick()
                    if self.awkward != "after_close" or step != 0:
                        self.file(school, frequency, period, step)

    def work_after_close(self):
        school, period = self.schools[0], f"{YEAR[self.schools[0].district]}-10"
        self.file(school, "monthly", period, 0, "submit after close")

    def file(self, school, frequency, period, step, act="submit"):
        sheet = self.desk / f"{school.code}-{period}.csv"
        code, said = self.yuebao("template", period, "--school", school.code, "-o", str(sheet))
        if code != 0:
            self.note(school.code, period, "template", code, said)
            return
        blank = sheet.read_text(encoding="utf-8-sig")
        figures = school.figures(frequency, step)
        special = self.awkward if period == f"{YEAR[school.district]}-12" else None
        if special == "errors":
            bad = sheet.with_suffix(".bad.csv")
            fill(blank, bad, figures, school.catalogue, spoil=True)
            self.submit(school, period, bad, "submit with errors", 0)
        count = fill(blank, sheet, figures, school.catalogue)
        if special == "cut":
            return self.submit_over_cut_link(school, period, sheet, count)
        if special == "warned":
            return self.submit_warned(school, period, sheet, blank, figures)
        if special == "two":
            return self.submit_from_two(school, period, sheet, blank, figures)
        self.submit(school, period, sheet, act, count)
        if special == "three":
            self.submit(school, period, sheet, "submit again", 0)
            self.submit(school, period, sheet, "submit a third time", 0)
        if special == "corrects":
            figures["safety_accidents"] = (figures["safety_accidents"][0] + 1, None)
            fill(blank, sheet, figures, school.catalogue)
            self.submit(school, period, sheet, "correct", 0, "--correction", "漏报一起校园安全事故")

    def submit_warned(self, school, period, sheet, blank, figures):
        """Six pupils were ill: the figure does not agree with the roll, and is right all the same."""
        took_part, pupils = figures["labour_practice_participation_rate"]
        figures["labour_practice_participation_rate"] = (min(took_part, pupils - 6), pupils - 6)
        count = fill(blank, sheet, figures, school.catalogue)
        self.submit(school, period, sheet, "submit, a rule warns", 0)
        fill(blank, sheet, figures, school.catalogue, explain={"labour_practice_participation_rate": "六名学生长期病假，未列入统计"})
        self.submit(school, period, sheet, "submit with a reason", count)

    def submit_from_two(self, school, period, sheet, blank, figures):
        """The other computer, with a copy of the same outbox, was first and had another number of accidents."""
        other = Clerk(self.stage, self.institution, self.schools, self.code, self.server)
        other.home, other.journal = self.home.with_name(self.institution + "-other"), self.journal
        shutil.copytree(self.home, other.home)
        there = sheet.with_suffix(".bad.csv")
        accidents = figures["safety_accidents"]
        fill(blank, there, {**figures, "safety_accidents": (accidents[0] + 2, None)}, school.catalogue)
        other.submit(school, period, there, "submit from the other computer", 0)
        self.submit(school, period, sheet, "submit from this one", 0)
        for act, words in (("look at both", ()), ("file mine on top", ("--file-mine", "--correction", "另一台电脑误报事故起数"))):
            code, said = self.yuebao("conflict", period, *words)
            self.note(school.code, period, act, code, said)

    def submit(self, school, period, sheet, act, count, *more):
        names = ["--filler", "王芳", "--reviewer", "李强", "--head", "张敏"]
        code, said = self.yuebao("submit", str(sheet), *names, *more)
        return self.note(school.code, period, act, code, said, count)

    def submit_over_cut_link(self, school, period, sheet, count):
        self.server.cut = True
        self.submit(school, period, sheet, "submit, link cut", count)
        self.server.cut = False
        code, said = self.yuebao("send")
        self.note(school.code, period, "send later", code, said)


def fill(blank, path, figures, catalogue, spoil=False, explain=None):
    """Fill a template as a clerk would in a spreadsheet; returns how many figures were written."""
    table = list(csv.reader(blank.splitlines()))
    header = next(number for number, row in enumerate(table) if "指标代码" in row)
    column = {name: number for number, name in enumerate(table[header])}
    count = 0
    for row in table[header + 1:]:
        code = row[column["指标代码"]]
        if code not in figures:
            continue
        value, denominator = figures[code]
        indicator = catalogue.indicators[code]
        row[column["数值（分子）"]] = text(value, indicator["decimals"])
        if denominator is not None:
            row[column["分母"]] = text(denominator, indicator["denominator_decimals"])
        row[column["说明"]] = (explain or {}).get(code, "")
        count += 1
        if spoil:
            spoil_cell(row, column, code)
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table)
    return count


def spoil_cell(row, column, code):
    if code == "enrolled_pupils":
        row[column["数值（分子）"]] = "36O"  # the letter
    elif code == "full_time_teachers":
        row[column["数值（分子）"]] = "9999"  # over the bound
    elif code == "classes":
        row[column["数值（分子）"]] = ""  # forgotten
    elif code == "labour_practice_participation_rate":
        row[column["数值（分子）"]] = str(int(row[column["分母"]]) + 7)  # more than there are
    elif code == "daily_physical_activity_hours":
        row[column["数值（分子）"]] = "1.25"  # too fine


class Progress:
    def __init__(self, total):
        self.total, self.done, self.lock, self.started = total, 0, threading.Lock(), time.monotonic()

    def tick(self):
        with self.lock:
            self.done += 1
            step = max(1, self.total // 10)
            if sys.stdout.isatty():
                bar = "█" * (30 * self.done // self.total)
                print(f"\r        {bar:<30} {self.done}/{self.total} sheets", end="", flush=True)
            elif self.done % step == 0 or self.done == self.total:
                print(f"        {self.done}/{self.total} sheets, {time.monotonic() - self.started:.0f} s", flush=True)

    def end(self):
        if sys.stdout.isatty():
            print()


def clerks_of(stage, port):
    catalogue = Catalogue(PLANS)
    with open(stage / "codes.csv", encoding="utf-8-sig", newline="") as file:
        codes = {row["school"]: row["code"] for row in csv.DictReader(file)}
    institutions = {}
    for row in (dict(zip(COLUMNS, row)) for row in rows()):
        institutions.setdefault(row["institution"], []).append(School(row, catalogue))
    proxy = CuttingProxy(port)
    clerks = []
    for institution, schools in institutions.items():
        through = proxy if AWKWARD.get(institution) == "cut" else f"localhost:{port}"
        clerks.append(Clerk(stage, institution, schools, codes[schools[0].code], through))
    return clerks


def work(stage, port):
    clerks = clerks_of(stage, port)
    progress = Progress(sum(
        1 for clerk in clerks if clerk.awkward not in ("never", "late_start") for school in clerk.schools
        for frequency, _, _ in periods_of(school.district, school.kind) if school.catalogue.form(school.kind, frequency)))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for done in [pool.submit(clerk.work, progress.tick) for clerk in clerks]:
            done.result()
    progress.end()
    write_journal(stage, clerks, [])


def late(stage, port):
    clerks = [clerk for clerk in clerks_of(stage, port) if clerk.awkward == "after_close"]
    for clerk in clerks:
        clerk.work_after_close()
    write_journal(stage, clerks, json.loads((stage / "journal.json").read_text(encoding="utf-8")))


def write_journal(stage, clerks, before):
    journal = before + [entry for clerk in clerks for entry in clerk.journal]
    (stage / "journal.json").write_text(json.dumps(journal, ensure_ascii=False, indent=1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=["periods", "closed", "work", "late"])
    parser.add_argument("--stage", type=Path)
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    if arguments.act in ("work", "late"):
        return (work if arguments.act == "work" else late)(arguments.stage, arguments.port)
    periods = {period for district in YEAR for kind in ("district", "primary") for _, period, _ in periods_of(district, kind)}
    for period in sorted(periods):
        if arguments.act == "periods" or not period.endswith(("-12", "-12-31", "-Q4")):
            print(period)


if __name__ == "__main__":
    main()
