"""What the demo's schools have to report: made-up figures that hang together, the same ones at each run.

A school is drawn once (pupils, classes, teachers ...); every indicator of a form is then derived from it, nudged towards
the plan's target by how well the place does on that indicator, and at last brought into line with the catalogue's rules.
Values are whole numbers in units of 10^-decimals, as the wire has them.
"""
import csv
import random
from decimal import Decimal
from pathlib import Path

from schools import SEED

SIZES = {  # pupils from, to; pupils a class; pupils a teacher; share that boards
    "kindergarten": (90, 420, 28, 9, 0.0),
    "primary": (120, 1900, 42, 17, 0.08),
    "junior": (180, 1500, 46, 12, 0.3),
    "senior": (600, 3200, 50, 13, 0.6),
    "vocational": (300, 2600, 40, 16, 0.5),
    "special": (30, 160, 11, 3, 0.4),
}
REACH = [1.03, 1.0, 1.0, 1.0, 0.98, 0.95, 0.86, 0.6]  # of the target, drawn for each place and indicator


def dice_of(*what):
    return random.Random("/".join(map(str, (SEED, *what))))


class Catalogue:
    def __init__(self, plans: Path):
        def read(name):
            with open(plans / name, encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))

        self.indicators = {row["indicator"]: row for row in read("indicators.csv")}
        self.rules = [(row["left"].split(" + "), row["op"], row["right"].split(" + ")) for row in read("rules.csv")
                      if ".previous" not in row["left"] + row["right"]]  # these look beyond one report
        self.targets = {}
        for row in read("targets.csv"):
            if row["value"]:
                self.targets[int(row["district"]), row["indicator"]] = (Decimal(row["value"]), row["direction"])

    def form(self, kind, frequency):
        return [row for row in self.indicators.values()
                if row["frequency"] == frequency and kind in row["reported_by"].split("|")]


class School:
    def __init__(self, row, catalogue):
        self.code, self.kind, self.district = row["code"], row["kind"], int(row["district"])
        self.catalogue = catalogue
        dice = dice_of("school", self.code)
        low, high, a_class, a_teacher, boards = SIZES.get(self.kind, (0, 0, 1, 1, 0))
        pupils = dice.randint(low, high)
        self.base = {
            "pupils": pupils,
            "classes": max(1, round(pupils / a_class)) if pupils else 0,
            "teachers": max(4, round(pupils / a_teacher * dice.uniform(0.85, 1.15))) if pupils else 0,
            "boarders": round(pupils * boards * dice.uniform(0.3, 1.2)),
            "buses": dice.choice([0, 0, 0, 1, 2, 3]),
            "hazards": dice.randint(0, 4),
        }
        self.base["boarders"] = min(self.base["boarders"], pupils)

    def figures(self, frequency, step):
        """{indicator: (value, denominator or None)}; step counts the periods from the first of the demo."""
        out = {}
        for row in self.catalogue.form(self.kind, frequency):
            code = row["indicator"]
            dice = dice_of(self.code, code, step)
            out[code] = self._fraction(row, dice, step) if row["denominator_zh"] else (self._count(row, dice, step), None)
        obey(out, self.catalogue)
        return out

    # ---- one figure ---------------------------------------------------------------------------------------

    def _aim(self, code):
        """Where the place stands on an indicator, as a share of its target; and the target."""
        value, direction = self.catalogue.targets.get((self.district, code), (None, None))
        return value, direction, dice_of(self.district, code).choice(REACH)

    def _denominator(self, row, dice):
        words = row["denominator_zh"]
        base = self.base
        if "报" in words and "1" in words:
            return 1
        fixed = {"评估指标总数": 31, "年级学科总数": 54, "食堂总数": 1, "党支部总数": 1 + base["teachers"] // 60,
                 "党小组总数": 1 + base["teachers"] // 30, "重点专业总数": 6, "低保家庭学生数": base["pupils"] // 25,
                 "寄宿生数": base["boarders"], "校车总数": base["buses"], "班主任人数": base["classes"],
                 "师生总数": base["pupils"] + base["teachers"], "校舍总面积": base["pupils"] * 9,
                 "参加高考人数": base["pupils"] // 3, "毕业生数": base["pupils"] // 3,
                 "特教学校学生和随班就读学生数": base["pupils"] if self.kind == "special" else base["pupils"] // 150,
                 "优质(省级示范)高中招生计划数": base["pupils"] // 3,
                 "该届入学人数(经转入转出调整)": 2140, "学前三年适龄人口数": 5230, "适龄残疾儿童少年总数": 118,
                 "15至17岁人口数": 6100, "高中阶段招生总数": 1980, "已建成配套园数": 5}
        if words in fixed:
            return fixed[words]
        if "元" in words:
            return dice.randint(400, 900) * 1000
        if "教师" in words:
            return base["teachers"]
        if "班级" in words:
            return base["classes"]
        return base["pupils"]

    def _fraction(self, row, dice, step):
        code = row["indicator"]
        scale = 10 ** int(row["decimals"])
        denominator = self._denominator(row, dice) * 10 ** int(row["denominator_decimals"] or 0)
        target, direction, reach = self._aim(code)
        low, high = Decimal(row["min"]), Decimal(row["max"])
        if target is None:
            target = {"ratio": Decimal("0.9")}.get(row["unit"], (low + high) / 20)
            if "myopia" in code or "over_56" in code:
                target = Decimal("0.35" if "myopia" in code else "0.03")
        if direction == "at_most":
            share = target if reach >= 1 else target + Decimal("0.04")
        elif direction == "equal":
            share = target
        elif row["over_time"] == "sum" and row["measure"] == "quotient":
            share = target * Decimal(str(reach)) / 60  # a month's part of five years
        else:
            share = target * Decimal(str(reach)) * (1 + Decimal(step) / 200) if direction != "reduce_by" else Decimal("0.42")
        share = share * Decimal(str(dice.uniform(0.97, 1.03)))
        share = max(low, min(high, share))
        if row["denominator_zh"].startswith("教师数") or denominator == 0:
            share = min(share, high)
        if denominator == 1:
            return (1 if dice.random() < share else 0, 1)
        unscaled = 10 ** int(row["denominator_decimals"] or 0)
        value = int(share * denominator / unscaled * scale)
        return (min(value, denominator) if row["measure"] == "ratio" else value, denominator)

    def _count(self, row, dice, step):
        code, base = row["indicator"], self.base
        scale = 10 ** int(row["decimals"])
        if self.kind == "district":
            return self._bureau_count(row, dice, scale)
        pupils = base["pupils"]
        known = {
            "enrolled_pupils": pupils, "boarding_pupils": base["boarders"], "classes": base["classes"],
            "full_time_teachers": base["teachers"], "left_behind_children": pupils // 12, "migrant_children_enrolled": pupils // 15,
            "disabled_pupils_enrolled": pupils if self.kind == "special" else pupils // 150,
            "disabled_pupils_mainstreamed": 0 if self.kind == "special" else pupils // 300,
            "disabled_pupils_home_taught": pupils // 10 if self.kind == "special" else 0,
            "largest_class_size": round(pupils / max(1, base["classes"]) * 1.12), "pupils_receiving_aid": pupils // 9,
            "boarding_subsidy_pupils": base["boarders"] // 2, "pupil_aid_paid": pupils * 6, "school_buses": base["buses"],
            "school_bus_riders": base["buses"] * 35, "non_dedicated_school_buses": 1 if base["buses"] == 3 else 0,
            "safety_risk_points": 6 + base["classes"] // 3, "safety_risk_points_controlled": 5 + base["classes"] // 3,
            "safety_hazards_carried_over": base["hazards"], "evacuation_drills_held": 1, "daily_physical_activity_hours": 11,
            "safety_lesson_hours_per_term": 120, "vocational_admissions": 0, "electricity_consumption": pupils * 42,
            "water_consumption": pupils * 11, "coal_consumption": pupils * 30, "pupils_absent_ill": dice.randint(0, 3 + pupils // 200),
            "teachers_trained": base["teachers"] // 5, "home_school_activities": dice.randint(1, 3),
        }
        if code in known:
            return known[code]
        rare = ("dropout", "accident", "violation", "vetoes", "infectious", "majors")
        top = 1 if any(word in code for word in rare) else 4
        return (dice.randint(0, top) if dice.random() < (0.04 if top == 1 else 0.7) else 0) * scale

    def _bureau_count(self, row, dice, scale):
        target, direction, reach = self._aim(row["indicator"])
        if target is None:
            return dice.randint(0, 3) * scale
        if direction == "at_most":
            return 0 if reach >= 1 else scale
        whole = target * Decimal(str(reach if direction != "equal" else 1))
        if row["over_time"] == "sum" and row["frequency"] == "monthly":
            share = whole / 3
            return int(share * scale) + (dice.randint(0, 1) * scale if target >= 3 else 0)
        return int(whole * scale)


# ---- the catalogue's rules ----------------------------------------------------------------------------------------

def obey(figures, catalogue):
    """Bring figures into line with every rule whose terms are all here: lower what is too high, set what must be equal."""
    for _ in range(3):
        for left, op, right in catalogue.rules:
            terms = [split(term) for term in left + right]
            if all(code in figures for code, _ in terms):
                enforce(figures, left, op, right)
        for code, (value, denominator) in figures.items():
            if denominator is not None and catalogue.indicators[code]["measure"] == "ratio" and value > denominator:
                figures[code] = (denominator, denominator)


def split(term):
    code, _, part = term.partition(".")
    return code, 1 if part == "den" else 0


def total(figures, side):
    return sum(figures[code][part] for code, part in map(split, side))


def change(figures, term, by):
    code, part = split(term)
    parts = list(figures[code])
    parts[part] = max(0, parts[part] + by)
    figures[code] = tuple(parts)


def enforce(figures, left, op, right):
    excess = total(figures, left) - total(figures, right)
    if op == "=" and excess or op == "<=" and excess > 0:
        for term in left:
            change(figures, term, -excess)
            excess = total(figures, left) - total(figures, right)
            if not excess or op == "<=" and excess <= 0:
                return
    elif op == ">=" and excess < 0:
        change(figures, left[0], -excess)


def text(value, decimals):
    decimals = int(decimals or 0)
    return str(Decimal(value).scaleb(-decimals)) if decimals else str(value)
