"""Statements that must be refused, and exactly what must be said of each. One row: a lawful statement, and what is done to it.

`figures` and `missing` change the lean lawful report (bad/country.py): code -> "3/9", None takes the figure out; code -> reason.
`fields` are set on the message, `edit` may do anything to it, `tail` is put behind its bytes, `spoil` on the envelope.
`said` lists every finding, in order. `desk`: whether a clerk's sheet can say the same, so that the desk must find the same.
"""

import re
from dataclasses import dataclass, field

from contract import pb
from world import CLOSED as CLOSED_PERIOD, FUTURE, OPEN

from bad.country import FORM


@dataclass(frozen=True)
class Finding:
    code: str
    severity: str = "ERROR"
    indicator: str = ""       # its code, or a number that the catalogue does not have
    found: object = ""        # a text, or a compiled pattern
    bound: object = ""
    rule: str = ""


@dataclass
class Bad:
    name: str
    said: list
    figures: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)
    fields: dict = field(default_factory=dict)
    explanations: list = field(default_factory=list)  # (indicator code or number, rule, text)
    edit: object = None
    tail: bytes = b""
    spoil: dict = field(default_factory=dict)
    lean: bool = True         # begin with the lean lawful report
    desk: bool = False


def error(code, indicator="", found="", bound="", rule=""):
    return Finding(code, "ERROR", indicator, found, bound, rule)


def warning(code, indicator="", found="", bound="", rule=""):
    return Finding(code, "WARNING", indicator, found, bound, rule)


def figure(name, said, **figures):
    """A report with other figures: what a sheet can say too."""
    return Bad(name, said if isinstance(said, list) else [said], figures=figures, desk=True)


def statement(name, said, **how):
    return Bad(name, said if isinstance(said, list) else [said], **how)


def of_fields(name, said, **fields):
    return statement(name, said, fields=fields)


# ---- bounds ------------------------------------------------------------------------------------------------------------

def over(indicator, found, bound):
    return error("ABOVE_MAX", indicator, found, bound)


def under(indicator, found, bound):
    return error("BELOW_MIN", indicator, found, bound)


TEN_13 = "10000000000000"

BOUNDS = [
    figure("count below 0", under("pupils", "-1", "0"), pupils="-1"),
    figure("count one over", over("pupils", "5001", "5000"), pupils="5001"),
    figure("count far over", over("pupils", "999999999", "5000"), pupils="999999999"),
    figure("lower bound of 1, one under", under("classes", "0", "1"), classes="0", overfull_classes="0/0"),
    figure("upper bound, one over", over("classes", "101", "100"), classes="101", overfull_classes="1/101"),
    figure("ratio over its own bound", over("overfull_classes", "3/9", "0.25"), overfull_classes="3/9"),
    figure("ratio a hair over its own bound", over("overfull_classes", "26/100", "0.25"), classes="100", overfull_classes="26/100"),
    figure("ratio under its own bound", under("attendance", "49.9/100.0", "0.5"), attendance="49.9/100.0"),
    figure("ratio below 0", under("pass_rate", "-1/10", "0"), pass_rate="-1/10"),
    figure("quotient under", under("teacher_hours", "9.9/20", "0.5"), teacher_hours="9.9/20"),
    figure("quotient over", over("teacher_hours", "4000.1/20", "200"), teacher_hours="4000.1/20"),
    figure("quotient with decimals on both sides", over("pay_ratio", "2.001/1.000", "2"), pay_ratio="2.001/1.000"),
    figure("quotient whose division does not end", over("pay_ratio", "6.001/3.000", "2"), pay_ratio="6.001/3.000"),
    figure("amount under a negative bound", under("balance", "-1000.51", "-1000.5"), balance="-1000.51"),
    figure("amount over a bound with a decimal", over("balance", "1000.51", "1000.5"), balance="1000.51"),
    figure("six decimals, under", under("fee", "-0.000001", "0"), fee="-0.000001"),
    figure("six decimals, over", over("fee", "1000000.000001", "1000000"), fee="1000000.000001"),
    figure("hours under a quarter", under("opening_hours", "2.24", "2.25"), opening_hours="2.24"),
    figure("hours over", over("opening_hours", "8.76", "8.75"), opening_hours="8.76"),
    figure("area below 0", under("land", "-1", "0"), land="-1"),
    figure("area over the widest bound", over("land", "1000000000001", "1000000000000"), land="1000000000001"),
    figure("over 10^13", over("land", "10000000000001", TEN_13), land="10000000000001"),
    figure("under -10^13", under("land", "-10000000000001", "-" + TEN_13), land="-10000000000001"),
    figure("the largest int64", over("land", "9223372036854775807", TEN_13), land="9223372036854775807"),
    figure("the least int64", under("land", "-9223372036854775808", "-" + TEN_13), land="-9223372036854775808"),
    figure("over 10^13 when scaled", over("fee", "10000000.000001", "10000000"), fee="10000000.000001"),
    figure("denominator over 10^13", over("pass_rate", "5/10000000000001", TEN_13), pass_rate="5/10000000000001"),
    figure("both over 10^13", over("pass_rate", "10000000000001/10000000000001", TEN_13), pass_rate="10000000000001/10000000000001"),
    figure("water below 0", under("water", "-0.1", "0"), water="-0.1"),
    figure("two bounds at once", [over("pupils", "5001", "5000"), over("opening_hours", "24.00", "8.75")], pupils="5001", opening_hours="24.00"),
]

# ---- numerators and denominators ---------------------------------------------------------------------------------------

PARTS = [
    figure("numerator over denominator", error("NUMERATOR_OVER_DENOMINATOR", "pass_rate", "11", "10"), pass_rate="11/10"),
    figure("numerator over denominator, with decimals", error("NUMERATOR_OVER_DENOMINATOR", "attendance", "350.1", "350.0"), attendance="350.1/350.0"),
    figure("numerator over hides the bound", error("NUMERATOR_OVER_DENOMINATOR", "overfull_classes", "10", "9"), overfull_classes="10/9"),
    figure("divided by nothing", error("DENOMINATOR_ZERO", "pass_rate", "3"), pass_rate="3/0"),
    figure("quotient divided by nothing", error("DENOMINATOR_ZERO", "teacher_hours", "45.5"), teacher_hours="45.5/0"),
    figure("less than nothing divided by nothing", error("DENOMINATOR_ZERO", "pass_rate", "-3"), pass_rate="-3/0"),
    figure("denominator below 0", error("DENOMINATOR_NEGATIVE", "pass_rate", "-10"), pass_rate="3/-10"),
    figure("both parts below 0", error("DENOMINATOR_NEGATIVE", "pass_rate", "-10"), pass_rate="-5/-10"),
    figure("denominator below 0, with decimals", error("DENOMINATOR_NEGATIVE", "attendance", "-0.1"), attendance="0.0/-0.1"),
    figure("denominator for a count", error("DENOMINATOR_UNEXPECTED", "pupils", "5"), pupils="360/5"),
    figure("denominator for a volume", error("DENOMINATOR_UNEXPECTED", "water", "1"), water="100.5/1"),
]

# ---- what is asked, and what is not ------------------------------------------------------------------------------------

REQUIRED = ("pupils", "classes", "overfull_classes", "water")


def number_list(name, *numbers):
    """Set an array of the message, values and denominators beside it."""
    def edit(s):
        getattr(s, name)[:] = numbers
    return edit


def append(s, number, value=1, denominator=0):
    s.indicator.append(number), s.value.append(value), s.denominator.append(denominator)


def miss(s, number, reason=pb.NOT_COLLECTED):
    s.missing.append(number), s.missing_reason.append(reason)


ASKED = [
    figure("required forgotten", error("REQUIRED_FORGOTTEN", "pupils"), pupils=None),
    figure("required ratio forgotten", error("REQUIRED_FORGOTTEN", "overfull_classes"), overfull_classes=None),
    figure("everything forgotten", [error("REQUIRED_FORGOTTEN", code) for code in REQUIRED], **dict.fromkeys(REQUIRED)),
    statement("missing for no reason", error("BAD_REASON", "pupils", "0"), figures={"pupils": None}, missing={"pupils": 0}),
    statement("optional, missing for no reason", error("BAD_REASON", "land", "0"), missing={"land": 0}),
    statement("reason without a name", error("BAD_ENVELOPE", "", re.compile(r"range, byte \d+, field 14")), figures={"pupils": None}, missing={"pupils": 5}),
    statement("given and missing", error("NOT_ASCENDING", "pupils"), missing={"pupils": 3}),
    statement("missing twice", error("NOT_ASCENDING", "land"), edit=lambda s: (miss(s, 11), miss(s, 11))),
    statement("missing, descending", error("NOT_ASCENDING", "fee"), edit=lambda s: (miss(s, 11), miss(s, 10))),
    statement("unknown indicator", error("UNKNOWN_INDICATOR", 32000, "32000"), edit=lambda s: append(s, 32000)),
    statement("indicator beyond every number", error("UNKNOWN_INDICATOR", 4294967295, "4294967295"), edit=lambda s: append(s, 4294967295)),
    statement("indicator number 0", error("UNKNOWN_INDICATOR", 0, "0"), edit=lambda s: (s.indicator.insert(0, 0), s.value.insert(0, 1), s.denominator.insert(0, 0))),
    statement("unknown indicator missing", error("UNKNOWN_INDICATOR", 32000, "32000"), edit=lambda s: miss(s, 32000)),
    statement("indicator of another frequency", error("INDICATOR_NOT_IN_FORM", "absent", "", FORM), figures={"absent": "3"}),
    statement("indicator of another kind", error("INDICATOR_NOT_IN_FORM", "juniors", "", FORM), figures={"juniors": "3"}),
    statement("indicator of another kind missing", error("INDICATOR_NOT_IN_FORM", "juniors", "", FORM), missing={"juniors": 1}),
]

# ---- arrays ------------------------------------------------------------------------------------------------------------


def swap(s):
    s.indicator[0], s.indicator[1] = s.indicator[1], s.indicator[0]


def repeat(s):
    s.indicator[1] = s.indicator[0]


def pop(*names):
    def edit(s):
        for name in names:
            getattr(s, name).pop()
    return edit


def many(s, figures, missing=0):
    s.indicator[:] = range(1, figures + 1)
    s.value[:] = s.denominator[:] = [0] * figures
    s.missing[:] = range(1000, 1000 + missing)
    s.missing_reason[:] = [1] * missing


ARRAYS = [
    statement("a value too few", error("ARRAYS_DIFFER", "", "3", "4"), edit=pop("value")),
    statement("a denominator too few", error("ARRAYS_DIFFER", "", "3", "4"), edit=pop("denominator")),
    statement("an indicator too few", error("ARRAYS_DIFFER", "", "4", "3"), edit=pop("indicator")),
    statement("no values at all", error("ARRAYS_DIFFER", "", "0", "4"), edit=lambda s: s.ClearField("value")),
    statement("a reason too few", error("ARRAYS_DIFFER", "", "1", "2"), edit=lambda s: (miss(s, 10), miss(s, 11), s.missing_reason.pop())),
    statement("a reason too many", error("ARRAYS_DIFFER", "", "1", "0"), edit=lambda s: s.missing_reason.append(1)),
    statement("values and reasons too few", [error("ARRAYS_DIFFER", "", "3", "4"), error("ARRAYS_DIFFER", "", "0", "1")],
              edit=lambda s: (s.value.pop(), s.missing.append(11))),
    statement("descending", error("NOT_ASCENDING", "pupils"), edit=swap),
    statement("an indicator twice", error("NOT_ASCENDING", "pupils"), edit=repeat),
    statement("501 figures", error("TOO_MANY_FIGURES", "", "501", "500"), edit=lambda s: many(s, 501)),
    statement("500 figures and a reason", error("TOO_MANY_FIGURES", "", "501", "500"), edit=lambda s: many(s, 500, 1)),
]

# ---- names and texts ---------------------------------------------------------------------------------------------------

BLANKS = {"nothing": "", "a space": " ", "U+00A0": "\u00a0", "U+3000": "\u3000", "U+200B": "\u200b", "U+FEFF": "\ufeff", "all of them": " \u3000\u200b\u00a0\ufeff"}
LATER = dict(revision=2, previous=b"\1" * 32, correction="抄录有误")
WARNED = dict(attendance="350.0/361.0")  # attended_within: more are expected than there are

TEXTS = [of_fields(f"the head is {what}", error("NAME_MISSING", "", "head"), head=blank) for what, blank in BLANKS.items()] + [
    of_fields("no filler", error("NAME_MISSING", "", "filler"), filler=""),
    of_fields("no reviewer", error("NAME_MISSING", "", "reviewer"), reviewer=""),
    of_fields("no names", [error("NAME_MISSING", "", n) for n in ("filler", "reviewer", "head")], filler="", reviewer="\u3000", head=" "),
    of_fields("name of 121 letters", error("TEXT_TOO_LONG", "", "filler", "40"), filler="x" * 121),
    of_fields("name of 41 characters", error("TEXT_TOO_LONG", "", "head", "40"), head="王" * 41),
    of_fields("name of 121 spaces", [error("NAME_MISSING", "", "reviewer"), error("TEXT_TOO_LONG", "", "reviewer", "40")], reviewer=" " * 121),
    of_fields("reason for the correction of 601 letters", error("TEXT_TOO_LONG", "", "correction", "200"), **{**LATER, "correction": "x" * 601}),
    of_fields("school's code of 33 bytes", [error("UNKNOWN_SCHOOL", "", "1" * 33), error("TEXT_TOO_LONG", "", "school", "10")], school="1" * 33),
    statement("explanation of 601 letters", error("TEXT_TOO_LONG", "", "explanation", "200"), explanations=[("pupils", "", "x" * 601)]),
    statement("explanation of 201 characters", error("TEXT_TOO_LONG", "", "explanation", "200"), explanations=[("pupils", "", "多" * 201)], desk=True),
    statement("rule's code of 64 bytes", error("TEXT_TOO_LONG", "", "rule", "21"), explanations=[("pupils", "r" * 64, "核对过")]),
]

# ---- rules -------------------------------------------------------------------------------------------------------------


def broken(rule, indicator, found, bound):
    return error("RULE_BROKEN", indicator, found, bound, rule)


def warned(rule, indicator, found, bound):
    """A warning that nobody explains refuses too."""
    return [error("EXPLANATION_MISSING", indicator, found, bound, rule), warning("RULE_BROKEN", indicator, found, bound, rule)]


ATTENDED = warned("attended_within", "attendance", "361", "360")
WATER = warned("water_enough", "water", "59.9", "60")

RULES = [
    figure("≤ with an error", broken("boarders_within", "boarders", "361", "360"), boarders="361", water="361.0"),
    figure("= too much", broken("roll_adds_up", "boarders", "361", "360"), boarders="60", day_pupils="301"),
    figure("= too little", broken("roll_adds_up", "boarders", "359", "360"), boarders="60", day_pupils="299"),
    figure("= with a denominator", broken("overfull_of_classes", "overfull_classes", "8", "9"), overfull_classes="1/8"),
    figure("= with a denominator of nobody", broken("overfull_of_classes", "overfull_classes", "0", "9"), overfull_classes="0/0"),
    figure("≥ with a numerator and decimals", broken("hours_cover_classes", "teacher_hours", "8.9", "9"), teacher_hours="8.9/10"),
    figure("sum of two scales against a third", broken("spending_within", "fee", "189.500001", "100.5"), fee="200.000001", balance="-10.50"),
    figure("sum by a millionth", broken("spending_within", "fee", "100.500001", "100.5"), fee="100.000001", balance="0.50"),
    figure("two rules at once", [broken("boarders_within", "boarders", "361", "360"), broken("roll_adds_up", "boarders", "362", "360")],
           boarders="361", day_pupils="1", water="361.0"),
    figure("a bound and a rule at once", [over("boarders", "2001", "2000"), broken("boarders_within", "boarders", "2001", "360")],
           boarders="2001", water="2001.0"),
    figure("rules are judged by name", [broken("boarders_within", "boarders", "361", "360"), broken("overfull_of_classes", "overfull_classes", "8", "9")],
           boarders="361", overfull_classes="1/8", water="361.0"),
    figure("a warning unexplained", ATTENDED, **WARNED),
    figure("a warning with ≥ and decimals", WATER, boarders="60", water="59.9"),
    figure("two warnings", [ATTENDED[0], WATER[0], ATTENDED[1], WATER[1]], boarders="60", water="59.9", **WARNED),
    figure("a warning beside an error", [ATTENDED[0], broken("boarders_within", "boarders", "361", "360"), ATTENDED[1]],
           boarders="361", water="361.0", **WARNED),
    statement("an error explained is an error", broken("boarders_within", "boarders", "361", "360"),
              figures={"boarders": "361", "water": "361.0"}, explanations=[("boarders", "boarders_within", "确实如此")]),
    statement("an error explained beside the figure", broken("boarders_within", "boarders", "361", "360"),
              figures={"boarders": "361", "water": "361.0"}, explanations=[("boarders", "", "确实如此")], desk=True),
    statement("one of two warnings explained", [WATER[0], ATTENDED[1], WATER[1]],
              figures={"boarders": "60", "water": "59.9", **WARNED}, explanations=[("attendance", "", "含借读生")], desk=True),
    statement("explained beside another figure", ATTENDED, figures=WARNED, explanations=[("classes", "", "含借读生")], desk=True),
    statement("explained by another rule", ATTENDED, figures=WARNED, explanations=[("attendance", "water_enough", "含借读生")]),
    statement("explained by an unknown rule", [error("UNKNOWN_RULE", "", "no_such_rule"), *ATTENDED], figures=WARNED, explanations=[("attendance", "no_such_rule", "含借读生")]),
    statement("an unknown rule explained", error("UNKNOWN_RULE", "", "no_such_rule"), explanations=[(0, "no_such_rule", "含借读生")]),
    statement("explanation of an unknown indicator", error("UNKNOWN_INDICATOR", 32000, "32000"), explanations=[(32000, "", "x")]),
    statement("explanation of a foreign indicator", error("INDICATOR_NOT_IN_FORM", "absent", "", FORM), explanations=[("absent", "", "x")]),
    statement("unknown explained, and a rule broken", [error("UNKNOWN_INDICATOR", 32000, "32000"), broken("boarders_within", "boarders", "361", "360")],
              figures={"boarders": "361", "water": "361.0"}, explanations=[(32000, "", "x")]),
] + [statement(f"explained by {what}", ATTENDED, figures=WARNED, explanations=[("attendance", "attended_within", blank)])
     for what, blank in BLANKS.items()]

# ---- the slot ----------------------------------------------------------------------------------------------------------


def no_period(text):
    return of_fields(f"“{text}” is no monthly period", error("BAD_PERIOD", "", text, "monthly"), period=text)


SLOT = [
    of_fields("school nobody knows", error("UNKNOWN_SCHOOL", "", "9999999"), school="9999999"),
    of_fields("school's code without its zeros", error("UNKNOWN_SCHOOL", "", "101"), school="101"),
    of_fields("no school", error("UNKNOWN_SCHOOL"), school=""),
    of_fields("school that has closed", error("SCHOOL_NOT_OPEN", "", OPEN, "2010-09-01/2020-07-31"), school="0000101-X"),
    of_fields("school that is to come", error("SCHOOL_NOT_OPEN", "", OPEN, "2099-09-01/.."), school="0000101-N"),
    of_fields("form nobody knows", error("UNKNOWN_FORM", "", "primary.hourly"), form="primary.hourly"),
    of_fields("form in capitals", error("UNKNOWN_FORM", "", "Primary.monthly"), form="Primary.monthly"),
    of_fields("no form", error("UNKNOWN_FORM"), form=""),
    of_fields("one-off form nobody knows", error("UNKNOWN_FORM", "", "primary.monthly.survey"), form="primary.monthly.survey"),
    statement("another kind's form", error("FORM_NOT_OF_KIND", "", "junior.monthly", "primary"), lean=False,
              figures={"juniors": "100"}, fields=dict(form="junior.monthly")),
    statement("another kind's form, with the own figures",
              [error("FORM_NOT_OF_KIND", "", "junior.monthly", "primary"),
               *(error("INDICATOR_NOT_IN_FORM", code, "", "junior.monthly") for code in REQUIRED), error("REQUIRED_FORGOTTEN", "juniors")],
              fields=dict(form="junior.monthly")),
    statement("another frequency's period", error("BAD_PERIOD", "", OPEN, "daily"), lean=False, figures={"absent": "3"}, fields=dict(form="primary.daily")),
    *(no_period(text) for text in ("2026-13", "2026-00", "2026", "2026-Q3", "2026-S1", "2026-S3", "2026-W54", "2026-W00", "2026-10-31", "2026-02-30", "2026-1",
                                   "26-10", "2026/10", "9999-12", "2026-10-", " 2026-10", "1969-12", "二〇二六年十月", "２０２６-10", "")),
    *(statement(f"{week} of the weekly form", error("BAD_PERIOD", "", week, "weekly"), lean=False, figures={"late_comers": "3"},
                fields=dict(form="primary.weekly", period=week)) for week in ("2026-W54", "2025-W53", "2026-W0", "2026W01", "2026-w01")),
    statement("week 53, which 2026 has, without a window", error("PERIOD_NOT_IN_CALENDAR", "", "2026-W53"), lean=False, figures={"late_comers": "3"},
              fields=dict(form="primary.weekly", period="2026-W53")),
    of_fields("period without a window", error("PERIOD_NOT_IN_CALENDAR", "", "2016-01"), period="2016-01"),
    of_fields("period in the last year", error("PERIOD_NOT_IN_CALENDAR", "", "9998-12"), period="9998-12"),
    of_fields("period not yet open", error("PERIOD_NOT_OPEN", "", FUTURE, re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d \+08:00")), period=FUTURE),
    of_fields("another catalogue", error("WRONG_CATALOGUE", "", "01" * 32, re.compile(r"[0-9a-f]{64}")), catalogue=b"\1" * 32),
    of_fields("no catalogue", error("WRONG_CATALOGUE", "", "", re.compile(r"[0-9a-f]{64}")), catalogue=b""),
    of_fields("catalogue of 31 bytes", error("WRONG_CATALOGUE", "", "", re.compile(r"[0-9a-f]{64}")), catalogue=b"\1" * 31),
    of_fields("not yet open, and another catalogue", error("WRONG_CATALOGUE", "", "01" * 32, re.compile(r"[0-9a-f]{64}")), period=FUTURE, catalogue=b"\1" * 32),
    of_fields("closed, and another catalogue", error("WRONG_CATALOGUE", "", "01" * 32, re.compile(r"[0-9a-f]{64}")), period=CLOSED_PERIOD, catalogue=b"\1" * 32),
    of_fields("closed, and without a head", error("NAME_MISSING", "", "head"), period=CLOSED_PERIOD, head=""),
    of_fields("nothing known", [error("UNKNOWN_SCHOOL", "", "9999999"), error("PERIOD_NOT_IN_CALENDAR", "", "2016-01")],
              school="9999999", period="2016-01", catalogue=b"\1" * 32),
    of_fields("nothing known, and no period", [error("UNKNOWN_SCHOOL", "", "9999999"), error("BAD_PERIOD", "", "2016-13")],
              school="9999999", period="2016-13", catalogue=b"\1" * 32),
    of_fields("slot, names and figures at once",
              [error("PERIOD_NOT_IN_CALENDAR", "", "2016-01"), error("NAME_MISSING", "", "filler"), error("BAD_REVISION", "", "0")],
              period="2016-01", filler="", revision=0),
]

# ---- revisions ---------------------------------------------------------------------------------------------------------

REVISIONS = [
    of_fields("revision 0", error("BAD_REVISION", "", "0"), revision=0),
    of_fields("revision 1 with a predecessor", error("BAD_REVISION", "", "1", "previous"), previous=b"\1" * 32),
    of_fields("revision 1 with a predecessor of one byte", error("BAD_REVISION", "", "1", "previous"), previous=b"\1"),
    of_fields("revision 1 with a reason", error("BAD_REVISION", "", "1", "correction"), correction="抄录有误"),
    of_fields("revision 2 without a predecessor", error("BAD_REVISION", "", "2", "previous"), **{**LATER, "previous": b""}),
    of_fields("predecessor of 31 bytes", error("BAD_REVISION", "", "2", "previous"), **{**LATER, "previous": b"\1" * 31}),
    of_fields("predecessor of 33 bytes", error("BAD_REVISION", "", "2", "previous"), **{**LATER, "previous": b"\1" * 33}),
    of_fields("correction without a reason", error("CORRECTION_REASON_MISSING"), **{**LATER, "correction": ""}),
    of_fields("correction with a blank reason", error("CORRECTION_REASON_MISSING"), **{**LATER, "correction": "\u3000\u200b"}),
    of_fields("correction without reason and predecessor", [error("BAD_REVISION", "", "2", "previous"), error("CORRECTION_REASON_MISSING")], revision=2),
    of_fields("revision over 31 bits", error("BAD_REVISION", "", "2147483648"), **{**LATER, "revision": 2 ** 31}),
    of_fields("the largest revision", error("BAD_REVISION", "", "4294967295"), **{**LATER, "revision": 2 ** 32 - 1}),
]

# ---- bytes that no decoder shall see -----------------------------------------------------------------------------------


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def wire(number, kind, payload):
    return varint(number << 3 | kind) + payload


def text(number, data):
    return wire(number, 2, varint(len(data)) + data)


def gate(name, why, tail, number):
    """`tail` behind the lawful bytes, in which no field comes twice but those that `edit` took away."""
    return Bad(name, [error("BAD_ENVELOPE", "", re.compile(rf"{why}, byte \d+, field {number}"))], tail=tail,
               edit=lambda s: (s.ClearField("filled_ms"), s.ClearField("reviewer")))


GATE = [
    gate("unknown field", "unknown-field", text(99, b"x"), 99),
    gate("field number 0", "unknown-field", text(0, b"x"), 0),
    gate("a group", "unknown-field", wire(90, 3, b"") + wire(90, 4, b""), 90),
    gate("singular field twice", "twice", text(1, b"0000101"), 1),
    gate("packed field empty", "empty-packed", text(13, b""), 13),
    gate("packed field in two pieces", "twice", text(13, varint(5)) + text(13, varint(6)), 13),
    gate("packed field not packed", "wire-type", wire(13, 0, varint(5)), 13),
    gate("varint not minimal", "varint", wire(17, 0, b"\x81\x80\x00"), 17),
    gate("varint of 11 bytes", "varint", wire(17, 0, b"\xff" * 10 + b"\1"), 17),
    gate("uint32 out of range", "range", text(13, varint(2 ** 32)), 13),
    gate("enum without a name", "range", text(14, varint(77)), 14),
    gate("wire type of another", "wire-type", wire(15, 0, b"\1"), 15),
    gate("length beyond the end", "truncated", wire(15, 2, b"\x7f"), 15),
    gate("tag without a value", "truncated", b"\x7a", 15),
    gate("NUL in a name", "text", text(8, b"a\0b"), 8),
    gate("line feed in a name", "text", text(8, b"a\nb"), 8),
    gate("tab in a name", "text", text(8, b"a\tb"), 8),
    gate("DEL in a name", "text", text(8, b"a\x7fb"), 8),
    gate("C1 control in a name", "text", text(8, "a\u0085b".encode()), 8),
    gate("name that is not UTF-8", "text", text(8, b"\xff"), 8),
    gate("name in GB18030", "text", text(8, "李强".encode("gb18030")), 8),
    gate("overlong UTF-8", "text", text(8, b"\xc0\xaf"), 8),
    gate("surrogate", "text", text(8, b"\xed\xa0\x80"), 8),
    gate("beyond U+10FFFF", "text", text(8, b"\xf4\x90\x80\x80"), 8),
]

# ---- signatures --------------------------------------------------------------------------------------------------------

ENVELOPES = [
    statement("signature of zeros", error("BAD_SIGNATURE"), spoil=dict(signature=b"\0" * 64)),
    statement("no signature", error("BAD_SIGNATURE"), spoil=dict(signature=b"")),
    statement("signature of 63 bytes", error("BAD_SIGNATURE"), spoil=dict(signature=b"\1" * 63)),
    statement("key of 31 bytes", error("BAD_SIGNATURE"), spoil=dict(key=b"\1" * 31)),
    statement("algorithm 2", error("UNKNOWN_ALGORITHM", "", "2"), spoil=dict(algorithm=2)),
    statement("algorithm 0", error("UNKNOWN_ALGORITHM", "", "0"), spoil=dict(algorithm=0)),
    of_fields("another school's", error("KEY_NOT_OF_SCHOOL", "", "0000200"), school="0000200"),
]

ALL = [*BOUNDS, *PARTS, *ASKED, *ARRAYS, *TEXTS, *RULES, *SLOT, *REVISIONS, *GATE, *ENVELOPES]
OF_NO_STATEMENT = {"BAD_SIGNATURE", "UNKNOWN_ALGORITHM", "KEY_NOT_OF_SCHOOL"}  # their rejects name none

# ---- at the bound, and explained: accepted -------------------------------------------------------------------------------

LAWFUL = [
    figure("the lean report", []),
    figure("count at 0", [], pupils="0"),
    figure("count at its bound", [], pupils="5000"),
    figure("lower bound of 1", [], classes="1", overfull_classes="0/1"),
    figure("ratio at its bound", [], classes="100", overfull_classes="25/100"),
    figure("ratio at its lower bound", [], attendance="50.0/100.0"),
    figure("numerator equals denominator", [], attendance="350.0/350.0", pass_rate="10/10"),
    figure("nobody there to count", [], attendance="0.0/0.0", pass_rate="0/0", pay_ratio="0.000/0.000"),
    figure("quotient at its bounds", [], teacher_hours="10.0/20", pay_ratio="2.000/1.000"),
    figure("quotient whose division does not end", [], pay_ratio="5.999/3.000"),
    figure("below 0 where that is allowed", [], balance="-1000.50"),
    figure("bound with a decimal", [], balance="1000.50"),
    figure("hours at a quarter", [], opening_hours="2.25"),
    figure("the widest bound", [], land="1000000000000"),
    figure("10^13 in a denominator", [], pass_rate="1/10000000000000"),
    figure("all rules at their limits", [], boarders="100", day_pupils="260", water="100.5", attendance="360.0/360.0", teacher_hours="9.0/9",
           fee="111.000000", balance="-10.50"),
    statement("required missing silences its rules", [], figures={"pupils": None, "boarders": "2000", "water": "2000.0", "attendance": "900.0/900.0"},
              missing={"pupils": 2}),
    statement("each reason", [], figures=dict.fromkeys(REQUIRED), missing={"pupils": 1, "classes": 2, "overfull_classes": 3, "water": 4, "land": 1}),
    statement("warning explained beside the figure", [], figures=WARNED, explanations=[("attendance", "", "含借读生")]),
    statement("warning explained beside its other figure", [], figures=WARNED, explanations=[("pupils", "", "含借读生")]),
    statement("warning explained by the rule alone", [], figures=WARNED, explanations=[(0, "attended_within", "含借读生")]),
    statement("warning explained by the rule, beside another figure", [], figures=WARNED, explanations=[("classes", "attended_within", "含借读生")]),
    statement("explanation where nothing is wrong", [], explanations=[("pupils", "", "已核对"), (0, "attended_within", "")]),
    statement("names of 40 characters", [], fields=dict(filler="王" * 40, head="x" * 120)),
]
