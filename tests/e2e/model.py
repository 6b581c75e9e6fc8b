"""What is wrong with a statement: a plain model of proto/PROTOCOL.md, sections 8 and 12, and of nothing else.

No line is shared with the C code, and none of its ways either: numbers are fractions, look-ups are dictionaries, the list of
findings is sorted at the end. Where model and programs differ, one of them has misread the page.
"""

import datetime
import re
from fractions import Fraction
from typing import NamedTuple

from contract import pb

FINDINGS_MAX = 200
FIGURES_MAX = 500
FIGURE_MAX = 10 ** 13
REVISION_MAX = 2 ** 31 - 1
REASONS = (pb.NOT_APPLICABLE, pb.NOT_YET_KNOWN, pb.NOT_COLLECTED, pb.REFUSED)
BLANKS = "\u0020\u00a0\u3000\u200b\ufeff"


class Finding(NamedTuple):
    code: str
    severity: str
    indicator: int
    rule: str
    found: str
    bound: str


def of_message(finding):
    """A Finding of the wire in the same shape."""
    return Finding(pb.FindingCode.Name(finding.code), pb.Severity.Name(finding.severity), finding.indicator, finding.rule,
                   finding.found, finding.bound)


# ---- texts -----------------------------------------------------------------------------------------------------


def cut(text, size):
    """As many whole characters as fit."""
    return text.encode()[:size].decode(errors="ignore")


def is_blank(text):
    return text.strip(BLANKS) == ""


def decimal(number, decimals):
    """Exactly so many decimals."""
    sign, scaled = "-" if number < 0 else "", abs(number * 10 ** decimals)
    assert scaled == int(scaled)
    whole, rest = divmod(int(scaled), 10 ** decimals)
    return f"{sign}{whole}" + (f".{rest:0{decimals}d}" if decimals else "")


def short(number):
    """As many decimals as it has."""
    text = decimal(number, 12)
    return text.rstrip("0").rstrip(".")


def frequency_of(period):
    """Of an SDMX text; None: it is none."""
    shapes = [("daily", r"(\d{4})-\d\d-\d\d"), ("weekly", r"(\d{4})-W\d\d"), ("monthly", r"(\d{4})-(0[1-9]|1[0-2])"),
              ("quarterly", r"(\d{4})-Q[1-4]"), ("termly", r"(\d{4})-S[12]"), ("yearly", r"(\d{4})")]
    for frequency, shape in shapes:
        match = re.fullmatch(shape, period, re.ASCII)
        if match:
            return frequency if 1970 <= int(match[1]) <= 9998 and exists(frequency, period) else None
    return None


def exists(frequency, period):
    try:
        if frequency == "daily":
            datetime.date.fromisoformat(period)
        if frequency == "weekly":
            datetime.date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
    except ValueError:
        return False
    return True


# ---- the catalogue ---------------------------------------------------------------------------------------------


class Catalogue:
    def __init__(self, message, digest):
        self.hash = digest
        self.indicators = {i.number: i for i in message.indicator}
        self.forms = {f.code: f for f in message.form}
        self.rules = {r.code: r for r in message.rule}

    def rules_of(self, form):
        """Those whose terms are all in the form, none of them of the period before; by code."""
        asked = {*form.required, *form.optional}
        of_form = [r for r in self.rules.values()
                   if all(t.indicator in asked and not t.previous for t in [*r.left, *r.right])]
        return sorted(of_form, key=lambda r: r.code.encode())


def number_of(bound):
    return Fraction(bound.scaled, 10 ** bound.decimals)


# ---- a statement -----------------------------------------------------------------------------------------------


class Judge:
    def __init__(self, catalogue, statement):
        self.catalogue, self.s = catalogue, statement
        self.form = catalogue.forms.get(statement.form)
        self.found = []

    def say(self, code, indicator=0, found="", bound="", rule="", severity="ERROR"):
        self.found.append(Finding(code, severity, indicator, cut(rule, 63), cut(found, 71), cut(bound, 71)))

    def findings(self):
        """(findings, whether there were more than fit)"""
        self.texts()
        self.revision()
        self.slot()
        if self.counts() and self.form and self.s.catalogue == self.catalogue.hash and self.order():
            self.figures()
            self.explanations()
            self.rules()
        by_severity = sorted(self.found, key=lambda f: f.severity != "ERROR")
        return by_severity[:FINDINGS_MAX], len(by_severity) > FINDINGS_MAX

    # -- the statement's own fields --

    def length(self, field, text, size):
        if len(text.encode()) > size:
            self.say("TEXT_TOO_LONG", found=field, bound=str(size // 3))

    def texts(self):
        self.length("school", self.s.school, 32)
        for field in ("filler", "reviewer", "head"):
            if is_blank(getattr(self.s, field)):
                self.say("NAME_MISSING", found=field)
            self.length(field, getattr(self.s, field), 120)
        self.length("correction", self.s.correction, 600)
        for explanation in self.s.explanation:
            self.length("explanation", explanation.text, 600)
            self.length("rule", explanation.rule, 63)

    def revision(self):
        revision, text = self.s.revision, str(self.s.revision)
        if not 1 <= revision <= REVISION_MAX:
            self.say("BAD_REVISION", found=text)
        elif len(self.s.previous) != (0 if revision == 1 else 32):
            self.say("BAD_REVISION", found=text, bound="previous")
        elif revision == 1 and self.s.correction:
            self.say("BAD_REVISION", found=text, bound="correction")
        if revision > 1 and is_blank(self.s.correction):
            self.say("CORRECTION_REASON_MISSING")

    def slot(self):
        if self.s.catalogue != self.catalogue.hash:
            is_hash = len(self.s.catalogue) == 32
            self.say("WRONG_CATALOGUE", found=self.s.catalogue.hex() if is_hash else "", bound=self.catalogue.hash.hex())
        if not self.form:
            self.say("UNKNOWN_FORM", found=self.s.form)
        elif frequency_of(self.s.period) != self.form.frequency:
            self.say("BAD_PERIOD", found=self.s.period, bound=self.form.frequency)

    # -- the arrays --

    def counts(self):
        s, before = self.s, len(self.found)
        wanted = len(s.indicator)
        wrong = [len(array) for array in (s.value, s.denominator) if len(array) != wanted]
        if wrong:
            self.say("ARRAYS_DIFFER", found=str(wrong[0]), bound=str(wanted))
        if len(s.missing_reason) != len(s.missing):
            self.say("ARRAYS_DIFFER", found=str(len(s.missing_reason)), bound=str(len(s.missing)))
        if wanted + len(s.missing) > FIGURES_MAX:
            self.say("TOO_MANY_FIGURES", found=str(wanted + len(s.missing)), bound=str(FIGURES_MAX))
        return len(self.found) == before

    def order(self):
        for numbers in (self.s.indicator, self.s.missing):
            wrong = [after for before, after in zip(numbers, numbers[1:]) if after <= before]
            for number in wrong:
                self.say("NOT_ASCENDING", number)
            if wrong:
                return False
        return True

    # -- figures --

    def figures(self):
        given = {n: (v, d) for n, v, d in zip(self.s.indicator, self.s.value, self.s.denominator)}
        missing = dict(zip(self.s.missing, self.s.missing_reason))
        asked = {*self.form.required, *self.form.optional}
        for number in sorted({*given, *missing, *asked}):
            if number in given and number in missing:
                self.say("NOT_ASCENDING", number)
            if number not in asked:
                self.foreign(number)
            elif number in given:
                self.figure(self.catalogue.indicators[number], *given[number])
            elif number in self.form.required and number not in missing:
                self.say("REQUIRED_FORGOTTEN", number)
            if number in missing and missing[number] not in REASONS:
                self.say("BAD_REASON", number, found=str(missing[number]))

    def foreign(self, number):
        if number in self.catalogue.indicators:
            self.say("INDICATOR_NOT_IN_FORM", number, bound=self.form.code)
        else:
            self.say("UNKNOWN_INDICATOR", number, found=str(number))

    def figure(self, indicator, scaled_value, scaled_denominator):
        def say(code, found="", bound=""):
            self.say(code, indicator.number, found, bound)

        value = Fraction(scaled_value, 10 ** indicator.decimals)
        denominator = Fraction(scaled_denominator, 10 ** indicator.denominator_decimals)
        value_text = decimal(value, indicator.decimals)
        denominator_text = decimal(denominator, indicator.denominator_decimals)
        divided = indicator.measure in (pb.RATIO, pb.QUOTIENT)
        both = f"{value_text}/{denominator_text}" if divided else value_text
        value_max = Fraction(FIGURE_MAX, 10 ** indicator.decimals)
        denominator_max = Fraction(FIGURE_MAX, 10 ** indicator.denominator_decimals)
        if not divided and denominator != 0:
            say("DENOMINATOR_UNEXPECTED", denominator_text)
        elif value < -value_max:
            say("BELOW_MIN", both, short(-value_max))
        elif value > value_max:
            say("ABOVE_MAX", both, short(value_max))
        elif denominator > denominator_max:
            say("ABOVE_MAX", both, short(denominator_max))
        elif divided and denominator < 0:
            say("DENOMINATOR_NEGATIVE", denominator_text)
        elif divided and denominator == 0:
            if value != 0:
                say("DENOMINATOR_ZERO", value_text)
        elif indicator.measure == pb.RATIO and value > denominator:
            say("NUMERATOR_OVER_DENOMINATOR", value_text, denominator_text)
        else:
            judged = value / denominator if divided else value
            if indicator.HasField("min") and judged < number_of(indicator.min):
                say("BELOW_MIN", both, short(number_of(indicator.min)))
            if indicator.HasField("max") and judged > number_of(indicator.max):
                say("ABOVE_MAX", both, short(number_of(indicator.max)))

    # -- explanations and rules --

    def explanations(self):
        for explanation in self.s.explanation:
            if explanation.indicator and explanation.indicator not in [*self.form.required, *self.form.optional]:
                self.foreign(explanation.indicator)
            if 0 < len(explanation.rule.encode()) <= 63 and explanation.rule not in self.catalogue.rules:
                self.say("UNKNOWN_RULE", found=explanation.rule)

    def explained(self, rule):
        about = {t.indicator for t in [*rule.left, *rule.right]}
        return any(not is_blank(e.text) and (e.rule == rule.code if e.rule else e.indicator in about)
                   for e in self.s.explanation)

    def rules(self):
        given = {n: (v, d) for n, v, d in zip(self.s.indicator, self.s.value, self.s.denominator)}

        def term(t):
            indicator, (value, denominator) = self.catalogue.indicators[t.indicator], given[t.indicator]
            if t.part == pb.DENOMINATOR:
                return Fraction(denominator, 10 ** indicator.denominator_decimals)
            return Fraction(value, 10 ** indicator.decimals)

        for rule in self.catalogue.rules_of(self.form):
            if not all(t.indicator in given for t in [*rule.left, *rule.right]):
                continue
            left, right = sum(map(term, rule.left)), sum(map(term, rule.right))
            if {pb.EQUAL: left == right, pb.AT_MOST: left <= right, pb.AT_LEAST: left >= right}[rule.op]:
                continue
            words = dict(indicator=[*rule.left, *rule.right][0].indicator, rule=rule.code, found=short(left), bound=short(right))
            self.say("RULE_BROKEN", severity=pb.Severity.Name(rule.severity), **words)
            if rule.severity == pb.WARNING and not self.explained(rule):
                self.say("EXPLANATION_MISSING", **words)


def judge(catalogue, statement):
    """([Finding], more) of a decoded Statement by a Catalogue of this module."""
    return Judge(catalogue, statement).findings()
