#!/usr/bin/env python3
"""Tell what happened in the demo, and hold it against the database, the outboxes and the clerks' files.

    story.py --stage DIR --seconds N        exit status 1 if anything disagrees
"""
import argparse
import csv
import json
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from unicodedata import east_asian_width

from clerks import AWKWARD, PLANS
from figures import Catalogue
from schools import COLUMNS, rows

BOLD, DIM, GREEN, RED, END = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 5
FIRST_PAGE = 45  # lines of the circular that are shown
PUBLISHED = 12  # and of what is published
TOLD = {
    "submit with errors": "sends a file with errors",
    "submit": "sends the month",
    "submit again": "sends the same file again",
    "submit a third time": "and a third time",
    "correct": "corrects a figure",
    "submit, link cut": "sends; the link is cut half-way",
    "send later": "the link is back: sends what waits",
    "submit after close": "sends October after its close",
    "submit, a rule warns": "sends the month; a rule between two figures warns",
    "submit with a reason": "says why it is right, beside the figure",
    "submit from the other computer": "the other computer sends the month first",
    "submit from this one": "this computer sends it too",
    "look at both": "looks at both sides (yuebao conflict)",
    "file mine on top": "files this computer's on top",
}


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        sys.exit(f"story: {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout


def query(sql):
    """Rows of a query as dictionaries."""
    return json.loads(run("psql", "-XqAtc", f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) AS q"), parse_float=Decimal)


def padded(text, columns):
    """Text filled up to so many columns of a terminal; Chinese characters take two."""
    return text + " " * (columns - sum(2 if east_asian_width(c) in "WF" else 1 for c in text))


def heading(text):
    print(f"\n{BOLD}{text}{END}")


# ---- what was sent ------------------------------------------------------------------------------------------------

def tell_sent(journal):
    places = query("""SELECT d.name_en, d.name_zh, count(DISTINCT r.school) AS schools, count(*) AS reports,
                             count(*) FILTER (WHERE r.revision > 1) AS corrections, 
                             min(r.first_day) AS first, max(r.first_day) AS last
                      FROM api.report AS r JOIN api.district AS d ON d.district = r.district
                      GROUP BY d.district, d.name_en, d.name_zh ORDER BY d.district""")
    figures = query("SELECT count(*) AS n FROM api.figure")[0]["n"]
    acts = Counter(entry["act"] for entry in journal)
    heading("Sent and accepted  报送情况")
    for place in places:
        print(f"  {place['name_en']:<16} {padded(place['name_zh'], 8)}{place['schools']:>4} schools  {place['reports']:>5} reports"
              f"  {place['corrections']:>2} corrected   periods from {place['first'][:7]} to {place['last'][:7]}")
    desk = sum(1 for entry in journal if entry["exit"] == 65)
    print(f"  {sum(place['reports'] for place in places)} reports with {figures} figures accepted, {desk} refused at the desk, "
          f"{len(query('SELECT 1 FROM api.kept'))} kept after close; {acts['enrol']} outboxes")


def tell_awkward(journal, names):
    heading("Clerks who are awkward on purpose")
    for institution in AWKWARD:
        entries = [e for e in journal if e["school"] == institution and (e["act"] != "submit" or e["rows"] == 0 or e["period"].endswith("-12"))
                   and e["act"] not in ("enrol",)]
        zh, en = names[institution]
        print(f"  {institution} {zh} ({en})")
        if not entries:
            print(f"    {DIM}never reported{END}")
        for entry in entries:
            print(f"    {TOLD.get(entry['act'], entry['act'])} ({entry['period']}):")
            for line in entry["said"].splitlines()[:12]:
                print(f"      {DIM}│{END} {line}")


def tell_bureau(acts, names):
    heading("At the bureau of Longtan  龙潭区教育局")
    for act in acts:
        print(f"  {'' if act['who'] == 'bureau' else act['who'] + ' ' + names[act['who']][0] + ':  '}$ {act['command']}")
        for line in act["said"].splitlines()[:14]:
            print(f"      {DIM}│{END} {line}")


def tell_circular(stage):
    """The last act: what the bureau sends out. Its first page is shown, the files stay as long as the demo does."""
    heading("The bureau writes its circular of 2025-11  龙潭区教育局月报通报")
    command = ["yuebaoctl", "circular", "220203", "2025-11", "-o", str(stage / "circular.md"), "--xlsx", str(stage / "circular.xlsx"), "--lang", "zh"]
    for line in run(*command).splitlines():
        print(f"  {line}")
    for line in (stage / "circular.md").read_text(encoding="utf-8").splitlines()[:FIRST_PAGE]:
        print(f"      {DIM}│{END} {line}")


def tell_published(stage):
    """And what everybody may read: the month without what would give single schools away, on a page of its own."""
    heading("The bureau publishes 2025-11  龙潭区教育局公布数据")
    for line in run("yuebaoctl", "publish", "220203", "2025-11", "--html", str(stage / "page.html"), "--lang", "zh").splitlines():
        print(f"  {line}")
    table = run("yuebaoctl", "publish", "show", "220203", "2025-11", "--lang", "zh").splitlines()
    for line in table[:PUBLISHED]:
        print(f"      {DIM}│{END} {line}")
    print(f"      {DIM}│ … {len(table) - PUBLISHED} more lines; {(stage / 'page.html').stat().st_size} bytes of page.html, for any browser or printer{END}")


# ---- checks -------------------------------------------------------------------------------------------------------

class Checks:
    def __init__(self):
        self.failed = 0

    def hold(self, good, text):
        self.failed += not good
        print(f"  {GREEN + '✓' if good else RED + '✗'}{END} {text}")


def outbox_items(home):
    said = json.loads(run("yuebao", "--home", str(home), "--json", "status", "--all"))
    return [item for item in said["items"] if item.get("id")]


def check_outboxes(checks, stage):
    homes = sorted((stage / "homes").iterdir())
    with ThreadPoolExecutor(max_workers=2) as pool:
        items = [item for batch in pool.map(outbox_items, homes) for item in batch]
    receipted = {item["id"] for item in items if item["state"] == "receipted"}
    kept = {item["id"] for item in items if item["state"] == "kept"}
    waiting = [item for item in items if item["state"] == "waiting"]
    ledger = {row["id"] for row in query("SELECT id FROM api.report")}
    checks.hold(receipted == ledger, f"{len(receipted)} receipts in {len(homes)} outboxes are the {len(ledger)} reports of the ledger, id by id")
    undecided = {row["id"] for row in query("SELECT id FROM api.kept WHERE decision = 'waiting'")}
    checks.hold(kept == undecided, f"{len(kept)} kept after close and undecided, on both sides")
    checks.hold(not waiting, "nothing waits in any outbox")


def sums_of_sheets(stage, catalogue):
    """(district, period, indicator) -> [schools, value, denominator], from the CSV files that the clerks sent."""
    districts = {row[0]: row[5] for row in rows()}
    accepted = {(row["school"], row["period"]) for row in query("SELECT DISTINCT school, period FROM api.report")}
    sums = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for path in (stage / "desk").glob("*/*.csv"):
        school, _, period = path.stem.partition("-")
        if path.name.endswith(".bad.csv") or (school, period) not in accepted:
            continue
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                value = row["数值（分子）"]
                if value:
                    total = sums[districts[school], period, row["指标代码"]]
                    total[0] += 1
                    total[1] += Decimal(value)
                    total[2] += Decimal(row["分母"] or 0)
    return sums


def check_totals(checks, sums, catalogue):
    """Every district total against the clerks' own files; what cannot be added (mean, max) is left out."""
    adds = {code for code, row in catalogue.indicators.items() if row["over_schools"] in ("sum", "ratio_of_sums")}
    held = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for row in query("SELECT district, period, indicator, schools, value, denominator FROM api.district_total"):
        total = held[row["district"], row["period"], row["indicator"]]
        total[0] += row["schools"]
        total[1] += Decimal(row["value"] or 0)
        total[2] += Decimal(row["denominator"] or 0)
    cells = [key for key in sums if key[2] in adds]
    wrong = [key for key in cells if held[key] != sums[key]]
    checks.hold(not wrong, f"{len(cells)} district totals equal the sums of the clerks' CSV files")
    for key in wrong[:5]:
        print(f"      {key}: files {sums[key]}, database {held[key]}")


def check_flows(checks, sums):
    """The flows of Longtan's plan that the printed progress shows, from the files alone."""
    progress = query("""SELECT indicator, "now" FROM api.progress_at(now(), 'longtan-145')
                        WHERE over_time = 'sum' AND direction = 'at_least' AND unit NOT LIKE '%per%'""")
    wrong = []
    for row in progress:
        total = sum((value[1] for (district, _, code), value in sums.items() if district == 220203 and code == row["indicator"]), Decimal(0))
        if Decimal(row["now"] or 0) != total:
            wrong.append((row["indicator"], row["now"], total))
    checks.hold(bool(progress) and not wrong, f"{len(progress)} flows of Longtan's plan as printed equal the sums of the files")
    for row in wrong:
        print("      ", *row)


def check_books(checks):
    books = query("""SELECT (SELECT count(*) FROM yuebao.figure) AS figures,
                            (SELECT count(DISTINCT (district, period, school, indicator)) FROM yuebao.figure) AS once,
                            (SELECT count(*) FROM yuebao.report AS r WHERE NOT EXISTS (SELECT FROM yuebao.figure AS f
                               WHERE f.district = r.district AND f.period = r.period AND f.school = r.school AND f.form = r.form)) AS hollow""")[0]
    checks.hold(books["figures"] == books["once"] and books["hollow"] == 0, f"{books['figures']} figures, none twice, no receipt without its rows")


def check_limits(checks):
    """What areas.csv and thresholds.csv are there for: neither `areas` nor `alerts` shows nothing."""
    crossed = query("SELECT t.threshold, (SELECT count(*) FROM api.alert AS a WHERE a.threshold = t.threshold) AS alerts FROM api.threshold AS t")
    areas = query("SELECT t.area, t.schools FROM api.area_total('2025-12', of_indicator => 'enrolled_pupils') AS t")
    checks.hold(all(row["alerts"] for row in crossed) and len(crossed) == 3, f"each of {len(crossed)} limits was crossed and raised its alert")
    checks.hold(len(areas) == 2 and all(row["schools"] for row in areas), f"{len(areas)} areas have their totals")


# ---- all of it ----------------------------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", type=Path, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    arguments = parser.parse_args()
    catalogue = Catalogue(PLANS)
    journal = json.loads((arguments.stage / "journal.json").read_text(encoding="utf-8"))
    names = {row[1]: (row[3], row[4]) for row in rows()}

    tell_sent(journal)
    tell_awkward(journal, {code: names[code] for code in AWKWARD})
    tell_bureau(json.loads((arguments.stage / "bureau.json").read_text(encoding="utf-8")), names)
    heading("Longtan's plan 2021–2025, as it stands now  龙潭区“十四五”教育规划进展")
    print(run("yuebaoctl", "progress", "--plan", "longtan-145"), end="")
    heading("Who has not reported 2025-12 in Longtan  未报学校")
    print(run("yuebaoctl", "missing", "--district", "220203", "--period", "2025-12"), end="")

    heading("Held against each other")
    checks = Checks()
    check_outboxes(checks, arguments.stage)
    check_books(checks)
    sums = sums_of_sheets(arguments.stage, catalogue)
    check_totals(checks, sums, catalogue)
    check_flows(checks, sums)
    check_limits(checks)
    tell_circular(arguments.stage)
    tell_published(arguments.stage)
    print(f"\n  {arguments.seconds} s after the build")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
