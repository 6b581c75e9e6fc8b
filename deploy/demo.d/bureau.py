#!/usr/bin/env python3
"""Play the bureau of Longtan: decide what came too late, return a report, look at areas and alerts, see the other reports, declare a month.

    bureau.py --stage DIR       what was done and said goes to DIR/bureau.json
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

DISTRICT = "220203"
LATE, RETURNED = "0220203025", "0220203021"


class Bureau:
    def __init__(self, stage):
        self.stage, self.journal = stage, []

    def note(self, who, command, said):
        self.journal.append({"who": who, "command": command, "said": said})

    def yuebaoctl(self, *words, hidden=()):
        done = subprocess.run(["yuebaoctl", *words, *hidden], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).strip()
        if done.returncode != 0:
            sys.exit(f"bureau: yuebaoctl {' '.join(words)} failed: {said}")
        self.note("bureau", "yuebaoctl " + " ".join(f"“{word}”" if " " in word else word for word in words), said)
        return done.stdout

    def clerk(self, school, *words):
        done = subprocess.run(["yuebao", "--home", str(self.stage / "homes" / school), *words], capture_output=True, text=True, check=False)
        self.note(school, "yuebao " + " ".join(words), (done.stdout + done.stderr).strip())

    def decide_what_came_late(self):
        self.yuebaoctl("kept", "--district", DISTRICT)
        waiting = json.loads(subprocess.run(["yuebaoctl", "--json", "kept", "--district", DISTRICT], capture_output=True, text=True, check=True).stdout)
        self.yuebaoctl("kept", "admit", waiting[0]["id"][:12], "--reason", "停电一周，情况属实", hidden=("--key", str(self.stage / "receipt.key")))
        self.clerk(LATE, "send")
        self.clerk(LATE, "status", "2025-10")

    def return_one(self):
        self.yuebaoctl("breaches", "--district", DISTRICT, "--period", "2025-12")
        self.yuebaoctl("review", "return", DISTRICT, "2025-12", "--school", RETURNED, "--note", "请说明漏报事故的经过，并核对事故起数")
        self.clerk(RETURNED, "send")
        self.clerk(RETURNED, "status", "2025-12")

    def look_at_areas_and_alerts(self):
        self.yuebaoctl("areas", "--period", "2025-12", "--indicator", "enrolled_pupils", "--lang", "zh")
        self.yuebaoctl("alerts", "--district", DISTRICT, "--lang", "zh")

    def declare(self):
        self.yuebaoctl("review", "seen", DISTRICT, "2025-11", "--all", "--warned-too")
        self.yuebaoctl("review", "declare", DISTRICT, "2025-11", "--note", "两校正在撤并，本月不报")
        self.yuebaoctl("completeness", "--district", DISTRICT, "--period", "2025-11")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", type=Path, required=True)
    bureau = Bureau(parser.parse_args().stage)
    bureau.decide_what_came_late()
    bureau.return_one()
    bureau.look_at_areas_and_alerts()
    bureau.declare()
    (bureau.stage / "bureau.json").write_text(json.dumps(bureau.journal, ensure_ascii=False, indent=1), encoding="utf-8")


main()
