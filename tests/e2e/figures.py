"""Lawful figures for a form, and what they must add up to: recomputed here, in Python, from what was sent."""

import random
from collections import defaultdict
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

    def number(self, code):
        return self.by_code[code].number

    def broken_rules(self, figures):
        """Codes of the error rules, wholly within these figures, that they break."""
        broken = []
        for rule in self.message.rule:
            terms = list(rule.left) + list(rule.right)
            if rule.severity == pb.ERROR and all(t.indicator in figures for t in terms):
                left, right = self._sum(rule.left, figures), self._sum(rule.right, figures)
                if not {pb.EQUAL: left == right, pb.AT_MOST: left <= right, pb.AT_LEAST: left >= right}[rule.op]:
                    broken.append(rule.code)
        return broken

    def _sum(self, terms, figures):
        total = Fraction(0)
        for term in terms:
            indicator, figure = self.indicators[term.indicator], figures[term.indicator]
            value, denominator = figure if isinstance(figure, tuple) else (figure, 0)
            total += (Fraction(denominator, 10 ** indicator.denominator_decimals) if term.part == pb.DENOMINATOR
                      else Fraction(value, 10 ** indicator.decimals))
        return total


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


def lawful(catalogue, form, seed, optional=0.3):
    """Figures for every required indicator of the form and some of the others; no error rule between them is broken."""
    dice = random.Random(seed)
    message = catalogue.forms[form]
    numbers = list(message.required) + [n for n in message.optional if dice.random() < optional]
    if not numbers:
        numbers = list(message.optional)[:5]
    figures = {n: lawful_figure(catalogue.indicators[n], dice) for n in numbers}
    for _ in range(20):
        broken = set(catalogue.broken_rules(figures))
        if not broken:
            break
        for rule in catalogue.message.rule:
            if rule.code in broken:  # take away an optional part, or make the small side nothing
                for term in (rule.left if rule.op == pb.AT_MOST else rule.right):
                    if term.indicator in message.optional:
                        figures.pop(term.indicator, None)
                    elif not with_denominator(catalogue.indicators[term.indicator]):
                        figures[term.indicator] = max(0, ceil(bound(catalogue.indicators[term.indicator].min)))
    return figures


def totals(reports):
    """Σ over accepted reports: (district, form, period, indicator number) -> [schools, Σ value, Σ denominator]."""
    sums = defaultdict(lambda: [0, 0, 0])
    for report in reports:
        for number, figure in report["figures"].items():
            value, denominator = figure if isinstance(figure, tuple) else (figure, 0)
            cell = sums[report["district"], report["form"], report["period"], number]
            cell[0] += 1
            cell[1] += value
            cell[2] += denominator
    return sums
