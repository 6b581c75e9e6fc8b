"""A data set as public authorities publish it, from a seeded generator: daily attendance and monthly rolls of 60 schools, with everything
that is wrong with such files. What the books must say is computed here, from the raw cells and nothing else."""

import csv
import datetime
import io
import random
import re
from dataclasses import dataclass, field

from world import OPEN, TODAY

DAYS = [(TODAY - datetime.timedelta(days=back)).isoformat() for back in (6, 5, 4)]
DAILY, MONTHLY = "primary.daily", "primary.monthly"
BOROUGHS = [(810101, "M", "曼区", "Manhattan"), (810102, "X", "布区", "Bronx"), (810103, "K", "金区", "Kings")]
COLUMNS = {DAILY: ["att_enrolled", "att_present", "att_absent", "att_released"],
           MONTHLY: ["roll", "language_learners", "meals_served", "meal_cost"]}
SUPPRESSED = ["s", "*", "<5", "—", "N/A", "NotSubmitted", "未报送"]


@dataclass
class Raw:
    """One row of the published file: a school, a period, cells as they stand there."""
    school: str
    form: str
    period: str
    cells: dict
    clean: dict = field(default_factory=dict)  # what the clerk makes of it after a refusal; a text, or a reason's number
    submits: bool = True                        # whether there is anything to send at all


@dataclass(frozen=True)
class School:
    code: str
    district: int
    name: str
    office: str   # the institution whose desk files for it


def schools():
    """60 schools; codes such as 01M015; ten share an office, and so a desk."""
    made = []
    for n in range(60):
        district, letter, _, borough = BOROUGHS[n % 3]
        office = f"{letter}-OFFICE-{n // 3 % 2 + 1}"
        made.append(School(f"{n % 32 + 1:02d}{letter}{n * 7 + 15:03d}", district, f'P.S. {n * 7 + 15:03d}, "{borough}"', office))
    return made


def row_of_day(dice, school, day):
    enrolled = dice.randint(180, 1900)
    absent = dice.randint(0, enrolled // 8)
    released = dice.randint(0, 9)
    cells = dict(zip(COLUMNS[DAILY], map(str, (enrolled, enrolled - absent - released, absent, released))))
    raw = Raw(school.code, DAILY, day, cells)
    what = dice.random()
    if what < 0.10:    # the day was not submitted: nothing may come into the books
        raw.cells = dict.fromkeys(cells, dice.choice(["NotSubmitted", "未报送"]))
        raw.submits = False
    elif what < 0.16:  # a closed day: asked, and not applicable
        raw.cells = dict.fromkeys(cells, "x")
        raw.clean = dict.fromkeys(cells, 1)
    elif what < 0.26:  # thousands as the publisher likes them
        raw.cells = {code: f"{int(text):,}" for code, text in cells.items()}
        raw.clean = cells
    elif what < 0.34:  # does not add up
        raw.cells = {**cells, "att_present": str(enrolled - absent - released + dice.choice([-3, 2, 40]))}
        raw.clean = cells
    elif what < 0.40:  # trailing blanks of a fixed-width export
        raw.cells = {code: f"  {text}\u00a0" for code, text in cells.items()}
    return raw


def row_of_month(dice, school):
    cells = {"roll": str(dice.randint(180, 1900)), "language_learners": str(dice.randint(5, 90)),
             "meals_served": str(dice.randint(1000, 40000)), "meal_cost": f"{dice.randint(100, 99999)}.{dice.randint(0, 99):02d}"}
    raw = Raw(school.code, MONTHLY, OPEN, dict(cells))
    what = dice.random()
    if what < 0.35:    # a small cell is hidden
        raw.cells["language_learners"] = dice.choice(SUPPRESSED)
        raw.clean = {**cells, "language_learners": 4}
    elif what < 0.50:
        raw.cells["meals_served"] = f"{int(cells['meals_served']):,}"
        raw.clean = cells
    elif what < 0.60:  # money with a sign and more decimals than there are
        raw.cells["meal_cost"] = f"{cells['meal_cost']}5"
        raw.clean = cells
    elif what < 0.65:
        raw.cells["roll"] = ""
        raw.clean = {**cells, "roll": 2}
    return raw


def rows(seed):
    dice = random.Random(seed)
    made = [row_of_day(dice, school, day) for school in schools() for day in DAYS]
    return made + [row_of_month(dice, school) for school in schools()]


# ---- what must be found in the raw cells -----------------------------------------------------------------------------------

DECIMALS = {"meal_cost": 2}


def faults_of(raw):
    """{(row, column, code, found)} of the sheet of this row; its first indicator stands in row 2."""
    told, numbers = set(), {}
    for line, code in enumerate(COLUMNS[raw.form], 2):
        text = raw.cells[code].strip(" \u00a0")
        if text == "":
            told.add((line, "value", "REQUIRED_FORGOTTEN", ""))
        elif not re.fullmatch(r"\d+(\.\d+)?", text):
            told.add((line, "value", "CELL_NOT_A_NUMBER", text))
        elif len(text.partition(".")[2].rstrip("0")) > DECIMALS.get(code, 0):
            told.add((line, "value", "CELL_TOO_MANY_DECIMALS", text))
        else:
            numbers[code] = text
    if raw.form == DAILY and len(numbers) == 4:
        enrolled, *parts = (int(numbers[code]) for code in COLUMNS[DAILY])
        if sum(parts) != enrolled:
            told.add((3, "value", "RULE_BROKEN", str(sum(parts))))
    return told


def scaled(code, text):
    whole, _, fraction = text.strip(" \u00a0").partition(".")
    return int(whole + fraction.ljust(DECIMALS.get(code, 0), "0"))


class Books:
    """Sums over what was accepted: (district, period, code) -> [schools, excused, value]; the districts above hold them too."""

    def __init__(self):
        self.cells, self.reported = {}, set()
        self.place = {school.code: school.district for school in schools()}

    def accept(self, raw, cells):
        self.reported.add((raw.school, raw.form, raw.period))
        for code, text in cells.items():
            for district in (self.place[raw.school], 810100, 810000):
                cell = self.cells.setdefault((district, raw.period, code), [0, 0, 0])
                cell[0] += isinstance(text, str)
                cell[1] += isinstance(text, int)
                cell[2] += scaled(code, text) if isinstance(text, str) else 0


# ---- files -------------------------------------------------------------------------------------------------------------------


def text_of(rows_, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows_)
    return out.getvalue()


def catalogue_files(where):
    """districts, schools, indicators and rules, each in another dress."""
    districts = [["district", "parent", "level", "name_zh", "name_en"], [810000, "", "nation", "某国", "Some nation"],
                 [810100, 810000, "province", "某州", "Some state"]]
    districts += [[code, 810100, "county", zh, en] for code, _, zh, en in BOROUGHS]
    (where / "districts.csv").write_bytes(text_of(districts).encode("gb18030"))
    header = ["code", "institution", "kind", "name_zh", "name_en", "district", "opened_on", "closed_on"]
    places = [[s.code + " ", s.office, "primary", s.name, s.name, s.district, "1998-09-01", ""] for s in schools()]
    (where / "schools.csv").write_bytes(b"\xff\xfe" + text_of([header, *places], "\t").encode("utf-16-le"))
    (where / "indicators.csv").write_bytes(text_of(indicator_rows()).encode("utf-8-sig"))
    rules = [["rule", "severity", "left", "op", "right", "message_zh", "message_en"],
             ["day_adds_up", "error", "att_present + att_absent + att_released", "=", "att_enrolled", "到校、缺勤与离校之和应等于在册学生数",
              "Present, absent and released must add up to enrolled"],
             ["learners_within", "warning", "language_learners", "<=", "roll", "语言学习者多于在册学生", "Learners exceed the roll"]]
    (where / "rules.csv").write_bytes(text_of(rules).encode())
    return where


def indicator_rows():
    header = ("indicator,name_zh,name_en,unit,measure,numerator_zh,numerator_en,denominator_zh,denominator_en,over_schools,over_time,reported_by,"
              "frequency,decimals,denominator_decimals,required,veto,min,max,note").split(",")
    names = {"att_enrolled": "在册", "att_present": "到校", "att_absent": "缺勤", "att_released": "离校", "roll": "名册人数",
             "language_learners": "语言学习者", "meals_served": "供餐份数", "meal_cost": "供餐费用"}
    rows_ = [header]
    for form, codes in COLUMNS.items():
        for code in codes:
            measure = "amount" if code == "meal_cost" else "count"
            rows_.append([code, names[code], code.replace("_", " "), "USD" if code == "meal_cost" else "pupils", measure, "", "", "", "", "sum", "sum",
                          "primary", form.partition(".")[2], DECIMALS.get(code, 0), "", "yes", "no", 0, 1000000, ""])
    return rows_


def sheet_of(raw, cells, encoding="utf-8", line_end="\r\n"):
    """The school's sheet, as its own program writes it: one row an indicator, the sheet id in each."""
    rows_ = [["指标代码", "数值", "缺报原因", "报表标识"]]
    for code, text in cells.items():
        value, reason = ("", str(text)) if isinstance(text, int) else (text, "")
        rows_.append([code, value, reason, f"{raw.school}  {raw.form} {raw.period} "])
    return text_of(rows_).replace("\r\n", line_end).encode(encoding)
