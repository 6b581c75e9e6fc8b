"""Lawful figures for a form, made from nothing but the catalogue."""

import random
from fractions import Fraction
from math import ceil, floor

from contract import pb


def with_denominator(indicator):
    return indicator.measure in (pb.RATIO, pb.QUOTIENT)


def bound(b):
    return Fraction(b.scaled, 10 ** b.decimals)


class Catalogue:
    """A decoded catalogue with look-ups."""

    def __init__(self, message):
        self.message = message
        self.indicators = {i.number: i for i in message.indicator}
        self.by_code = {i.code: i for i in message.indicator}
        self.forms = {f.code: f for f in message.form}

    @classmethod
    def of(cls, database):
        """The newest one, straight from the tables; its hash beside it."""
        digest, data = database.rows("SELECT hash, bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1")[0]
        catalogue = cls(pb.Catalogue.FromString(bytes(data)))
        catalogue.hash = bytes(digest)
        return catalogue

    def rules_of(self, form):
        """The rules that a statement of the form is judged by."""
        asked = {*self.forms[form].required, *self.forms[form].optional}
        return [r for r in self.message.rule if all(t.indicator in asked and not t.previous for t in [*r.left, *r.right])]

    def unruled(self, form):
        """The numbers of the form that none of its rules speaks of, ascending: a test may change them alone."""
        spoken_of = {t.indicator for r in self.rules_of(form) for t in [*r.left, *r.right]}
        return sorted({*self.forms[form].required, *self.forms[form].optional} - spoken_of)

    def number(self, code):
        return self.by_code[code].number


def lawful_figure(indicator, random):
    """A figure within the bounds: a scaled value, or (value, denominator)."""
    low, high = bound(indicator.min), bound(indicator.max)
    unit = 10 ** indicator.decimals
    if not with_denominator(indicator):
        return random.randint(ceil(low * unit), floor(min(high, low + 500) * unit))
    denominator = random.randint(20, 400) * 10 ** indicator.denominator_decimals
    people = Fraction(denominator, 10 ** indicator.denominator_decimals)
    high = min(high, 1) if indicator.measure == pb.RATIO else min(high, low + 50)
    return random.randint(ceil(low * people * unit), floor(high * people * unit)), denominator


def part(catalogue, figures, term):
    """What a term says, as a number."""
    indicator, figure = catalogue.indicators[term.indicator], figures[term.indicator]
    value, denominator = figure if isinstance(figure, tuple) else (figure, 0)
    if term.part == pb.DENOMINATOR:
        return Fraction(denominator, 10 ** indicator.denominator_decimals)
    return Fraction(value, 10 ** indicator.decimals)


def holds(catalogue, figures, rule):
    """Whether the rule has nothing to say: it is kept, or one of its figures is not there."""
    if not all(t.indicator in figures for t in [*rule.left, *rule.right]):
        return True
    left, right = (sum(part(catalogue, figures, t) for t in side) for side in (rule.left, rule.right))
    return {pb.EQUAL: left == right, pb.AT_MOST: left <= right, pb.AT_LEAST: left >= right}[rule.op]


def is_lawful_figure(indicator, figure):
    if not with_denominator(indicator):
        return bound(indicator.min) <= Fraction(figure, 10 ** indicator.decimals) <= bound(indicator.max)
    value, denominator = Fraction(figure[0], 10 ** indicator.decimals), Fraction(figure[1], 10 ** indicator.denominator_decimals)
    if denominator <= 0 or value < 0:
        return value == denominator == 0
    high = min(bound(indicator.max), 1) if indicator.measure == pb.RATIO else bound(indicator.max)
    return bound(indicator.min) <= value / denominator <= high


def changed(indicator, figure, part_, by):
    """The figure with one part raised, and the other with it where a ratio would leave its bounds; None: not lawful."""
    if not with_denominator(indicator):
        scaled = figure + by * 10 ** indicator.decimals
        return int(scaled) if scaled.denominator == 1 and is_lawful_figure(indicator, int(scaled)) else None
    value, denominator = figure
    if part_ == pb.DENOMINATOR:
        new = denominator + by * 10 ** indicator.denominator_decimals
        tries = [(value, new), (int(value * new / denominator) if denominator else 0, new)]
    else:
        tries = [(value + by * 10 ** indicator.decimals, denominator)]
    for v, d in tries:
        if Fraction(v).denominator == Fraction(d).denominator == 1 and is_lawful_figure(indicator, (int(v), int(d))):
            return int(v), int(d)
    return None


def obey(catalogue, form, figures):
    """Bring figures into line with the rules of the form: change what few rules speak of, leave out what need not be there."""
    rules = catalogue.rules_of(form)
    spoken_of = {n: sum(n in [t.indicator for t in [*r.left, *r.right]] for r in rules) for n in figures}
    for turn in range(400):
        broken = [r for r in rules if not holds(catalogue, figures, r)]
        if not broken:
            return figures
        rule = broken[0]
        gap = sum(part(catalogue, figures, t) for t in rule.right) - sum(part(catalogue, figures, t) for t in rule.left)
        ways = [(t, gap) for t in rule.left] + [(t, -gap) for t in rule.right]
        spare = [t.indicator for t, _ in ways if t.indicator in catalogue.forms[form].optional]
        if turn > 200 and spare:  # they go round in circles
            del figures[min(spare, key=spoken_of.get)]
            continue
        for term, by in sorted(ways, key=lambda way: spoken_of[way[0].indicator]):
            new = changed(catalogue.indicators[term.indicator], figures[term.indicator], term.part, by)
            if new is not None:
                figures[term.indicator] = new
                break
        else:
            assert spare, f"cannot keep {rule.code}"
            del figures[min(spare, key=spoken_of.get)]
    raise AssertionError(f"cannot keep the rules of {form}")


def lawful(catalogue, form, seed, optional=0.3):
    """Figures for every required indicator of the form and some of the others, kept in line with its rules; the same for
    the same seed."""
    dice = random.Random(seed)
    message = catalogue.forms[form]
    numbers = list(message.required) + [n for n in message.optional if dice.random() < optional]
    if not numbers:
        numbers = list(message.optional)[:5]
    return obey(catalogue, form, {n: lawful_figure(catalogue.indicators[n], dice) for n in numbers})
