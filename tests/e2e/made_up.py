"""Random catalogues, and statements by them: lawful, slightly broken, wildly broken. All from one `random.Random`."""

import hashlib
import os
import random

from contract import pb

MEASURES = list(pb.Measure.values())
DIVIDED = (pb.RATIO, pb.QUOTIENT)
PERIODS = {"daily": "2026-10-31", "weekly": "2026-W44", "monthly": "2026-10", "quarterly": "2026-Q4", "termly": "2026-S1",
           "yearly": "2026"}
KINDS = ["kindergarten", "primary", "junior", "senior", "vocational", "special", "district"]
INT64 = 2 ** 63 - 1


def seed():
    """YUEBAO_SEED, or a new one; printed, so that a failure can be had again."""
    number = int(os.environ.get("YUEBAO_SEED", random.SystemRandom().randrange(2 ** 32)))
    print(f"YUEBAO_SEED={number}")
    return number


# ---- catalogues ------------------------------------------------------------------------------------------------


def bound(dice, near):
    decimals = dice.choice([0, 0, 1, 2, 6])
    return pb.Bound(scaled=round(near * 10 ** decimals) + dice.choice([0, 0, 1, -1, 5]), decimals=decimals)


def indicator(dice, number):
    measure = dice.choice(MEASURES + [pb.COUNT] * 8)
    i = pb.Indicator(number=number, code=f"i{number}", name_zh=f"指标{number}", name_en=f"Indicator {number}", unit="pieces",
                     measure=measure, decimals=dice.choice([0, 0, 0, 1, 2, 3, 6]))
    if measure in DIVIDED:
        i.denominator_decimals = dice.choice([0, 0, 1, 3, 6])
        i.over_schools = pb.SCHOOLS_RATIO_OF_SUMS
    low, high = sorted(dice.choice([-5, 0, 0, 0, 1, 3, 10, 12.5, 100, 10 ** 9]) for _ in range(2))
    if dice.random() < 0.7:
        i.min.CopyFrom(bound(dice, low))
    if dice.random() < 0.7:
        i.max.CopyFrom(bound(dice, high + 2 * (low == high)))
    if i.HasField("min") and i.HasField("max") and i.min.scaled * 10 ** i.max.decimals > i.max.scaled * 10 ** i.min.decimals:
        i.max.CopyFrom(i.min)
    return i


def form(dice, code, numbers):
    kind, frequency = code.split(".")[:2]
    asked = sorted(dice.sample(numbers, dice.randint(1, len(numbers))))
    required = [n for n in asked if dice.random() < 0.5]
    return pb.Form(code=code, kind=kind, frequency=frequency, name_zh="报表", name_en="Form", required=required,
                   optional=[n for n in asked if n not in required])


def form_codes(dice):
    codes = {f"{dice.choice(KINDS)}.{dice.choice(list(PERIODS))}" for _ in range(dice.randint(1, 3))}
    if dice.random() < 0.3:
        codes.add(dice.choice(sorted(codes)) + dice.choice([".x", ".2026-safety", ".0" + "a-" * 11]))
    return sorted(codes)


def term(dice, indicators, numbers, severity):
    i = indicators[dice.choice(numbers)]
    part = dice.choice([pb.VALUE, pb.DENOMINATOR]) if i.measure in DIVIDED else pb.VALUE
    return pb.Term(indicator=i.number, part=part, previous=severity == pb.WARNING and dice.random() < 0.02)


def rule(dice, code, indicators, forms):
    """Mostly of one form; else its terms are anywhere."""
    one = dice.choice(forms)
    numbers = sorted({*one.required, *one.optional}) if dice.random() < 0.9 else sorted(indicators)
    severity = dice.choice([pb.ERROR, pb.WARNING])
    terms = [term(dice, indicators, numbers, severity) for _ in range(dice.choice([1, 2, 2, 2, 3, 4, 6]))]
    left = dice.randint(1, len(terms))
    return pb.Rule(code=code, severity=severity, op=dice.choice(list(pb.Operator.values())), left=terms[:left],
                   right=terms[left:], message_zh="规则", message_en="Rule")


def catalogue(dice, codes=None, size=None):
    """A Catalogue message. `codes`: of its forms."""
    size = size or dice.choice([1, 3, 8, 8, 15, 40])
    numbers = sorted(dice.sample(range(1, dice.choice([size + 3, size + 200, 32767]) + 1), size))
    indicators = {n: indicator(dice, n) for n in numbers}
    forms = [form(dice, code, numbers) for code in codes or form_codes(dice)]
    names = {dice.choice(["a", "b_c", "Z", "规则", "r" * 62, "-"]) + str(dice.randint(0, 9)) for _ in range(dice.randint(0, 12))}
    rules = [rule(dice, name, indicators, forms) for name in sorted(names, key=str.encode)]
    return pb.Catalogue(made_ms=dice.randint(1, 2 ** 40), indicator=indicators.values(), form=forms, rule=rules)


def packed(message):
    data = message.SerializeToString(deterministic=True)
    return data, hashlib.sha256(data).digest()


# ---- statements ------------------------------------------------------------------------------------------------


def is_below(b, value, unit):
    return value * 10 ** b.decimals < b.scaled * unit


def lawful_value(dice, i):
    """A value within the bounds where that is easy, near zero, so that rules are kept now and then."""
    unit = 10 ** i.decimals
    value = dice.choice([0, 1, 2, 2, 3, 5, 10]) * unit + (dice.randint(0, unit - 1) if dice.random() < 0.2 else 0)
    if i.measure in DIVIDED:
        return value
    if i.HasField("min") and is_below(i.min, value, unit):
        value = -(-i.min.scaled * unit // 10 ** i.min.decimals)
    if i.HasField("max") and not is_below(i.max, value, unit):
        value = i.max.scaled * unit // 10 ** i.max.decimals
    return max(-10 ** 13, min(10 ** 13, value))


def lawful_figure(dice, i):
    value = lawful_value(dice, i)
    if i.measure not in DIVIDED:
        return value, 0
    denominator = dice.choice([0, 1, 2, 5, 10]) * 10 ** i.denominator_decimals
    if dice.random() < 0.8 and denominator:  # a quotient within its bounds
        near = dice.choice([b for b in (i.min, i.max) if b.scaled] or [pb.Bound(scaled=dice.randint(0, 1))])
        value = near.scaled * denominator * 10 ** i.decimals // 10 ** (near.decimals + i.denominator_decimals)
        value = min(value, denominator * 10 ** i.decimals // 10 ** i.denominator_decimals) if i.measure == pb.RATIO else value
        value = max(-10 ** 13, min(10 ** 13, value))
    return (value, denominator) if denominator else (0, 0)


def set_figures(s, figures, missing):
    del s.indicator[:], s.value[:], s.denominator[:], s.missing[:], s.missing_reason[:]
    for number, (value, denominator) in sorted(figures.items()):
        s.indicator.append(number), s.value.append(value), s.denominator.append(denominator)
    for number, reason in sorted(missing.items()):
        s.missing.append(number), s.missing_reason.append(reason)


def lawful(dice, message, digest, form_code=None):
    """A statement that follows everything but, perhaps, the rules."""
    f = next(f for f in message.form if f.code == form_code) if form_code else dice.choice(message.form)
    indicators = {i.number: i for i in message.indicator}
    s = pb.Statement(school="0220203001", form=f.code, period=PERIODS[f.frequency], revision=1, catalogue=digest, filler="王芳",
                     reviewer="李强", head="赵敏", filled_ms=1)
    figures, missing, given = {}, {}, dice.choice([0.3, 0.9, 1])
    for number in sorted([*f.required, *f.optional]):
        if dice.random() < given:
            figures[number] = lawful_figure(dice, indicators[number])
        elif number in f.required or dice.random() < 0.2:
            missing[number] = dice.randint(1, 4)
    set_figures(s, figures, missing)
    for r in message.rule:
        if dice.random() < 0.6:
            beside = dice.choice([t.indicator for t in [*r.left, *r.right]])
            asked = beside in [*f.required, *f.optional]
            by_name = not asked or dice.random() < 0.5
            s.explanation.add(indicator=beside if asked and dice.random() < 0.7 or not by_name else 0, rule=r.code if by_name else "",
                              text=dice.choice(["核对无误", "why", "\u3000 \u200b", ""] + ["数据属实"] * 6))
    return s


# ---- what breaks them: (dice, statement, catalogue) -> None ----------------------------------------------------


def any_number(dice, s, message):
    return dice.choice([i.number for i in message.indicator] + list(s.indicator) + [0, 32767, 32768, 2 ** 32 - 1])


def any_value(dice):
    return dice.choice([0, 1, -1, 7, 10 ** 13, 10 ** 13 + 1, -10 ** 13, -10 ** 13 - 1, INT64, -INT64 - 1, dice.randint(-100, 100),
                        dice.randint(-INT64, INT64)])


def a_value(dice, s, message):
    if s.value:
        s.value[dice.randrange(len(s.value))] = any_value(dice)


def a_value_by_one(dice, s, message):
    if s.value:
        at = dice.randrange(len(s.value))
        s.value[at] = max(-INT64, min(INT64, s.value[at] + dice.choice([1, -1, 10, 100])))


def a_denominator(dice, s, message):
    if s.denominator:
        s.denominator[dice.randrange(len(s.denominator))] = any_value(dice)


def forgotten(dice, s, message):
    if s.indicator:
        at = dice.randrange(len(s.indicator))
        for array in (s.indicator, s.value, s.denominator):
            if at < len(array):
                del array[at]


def a_reason(dice, s, message):
    if s.missing_reason:
        s.missing_reason[dice.randrange(len(s.missing_reason))] = dice.randint(0, 4)


def given_and_missing(dice, s, message):
    if s.indicator and len(s.missing) == len(s.missing_reason):
        missing = dict(zip(s.missing, s.missing_reason)) | {dice.choice(list(s.indicator)): 1}
        del s.missing[:], s.missing_reason[:]
        for number in sorted(missing):
            s.missing.append(number), s.missing_reason.append(missing[number])


def another_number(dice, s, message):
    if s.indicator and len(s.indicator) == len(s.value) == len(s.denominator):
        figures = dict(zip(s.indicator, zip(s.value, s.denominator)))
        figures[any_number(dice, s, message)] = any_value(dice), dice.choice([0, 0, 1])
        set_figures(s, figures, dict(zip(s.missing, s.missing_reason)))


def out_of_order(dice, s, message):
    array = dice.choice([s.indicator, s.missing])
    if array:
        array[dice.randrange(len(array))] = any_number(dice, s, message)


def too_short(dice, s, message):
    array = dice.choice([s.indicator, s.value, s.denominator, s.missing, s.missing_reason])
    if array:
        del array[-1]


def too_many(dice, s, message):
    set_figures(s, {n: (n, 0) for n in range(1, 501)}, {n: 1 for n in range(600, 600 + dice.randint(0, 2))})


def a_name(dice, s, message):
    setattr(s, dice.choice(["filler", "reviewer", "head"]), dice.choice(["", " \u00a0", "\ufeff", "x" * 120, "x" * 121, "王" * 40, "王" * 41]))


def a_correction(dice, s, message):
    s.revision = dice.choice([0, 1, 2, 3, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])
    s.previous = bytes(dice.choice([0, 0, 31, 32, 32, 33]))
    s.correction = dice.choice(["", "抄录有误", "\u3000", "x" * 600, "x" * 601])


def an_explanation(dice, s, message):
    s.explanation.add(indicator=dice.choice([0, any_number(dice, s, message)]),
                      rule=dice.choice(["", "", "nobody's", "r" * 63, "r" * 64, "规" * 30, *(r.code for r in message.rule)]),
                      text=dice.choice(["", "why", "x" * 600, "说" * 201]))


def no_explanation(dice, s, message):
    del s.explanation[:]


def another_period(dice, s, message):
    s.period = dice.choice(["", "2026", "2026-10", "2026-13", "2026-W53", "2027-W53", "2026-02-29", "2028-02-29", "2026-S3", "2026-Q0",
                            "1969", "1970", "9998", "9999", "1970-W01", "9998-W52", "2026-1", "２０２６", "2026-10-3１", "月" * 30])


def another_form(dice, s, message):
    s.form = dice.choice(["", "primary", "x" * 100, "表" * 40, *(f.code for f in message.form)])


def another_catalogue(dice, s, message):
    s.catalogue = dice.choice([b"", bytes(31), bytes(32), bytes(33), s.catalogue])


def a_school(dice, s, message):
    s.school = dice.choice(["", "x" * 32, "x" * 33, "校" * 11])


FIGURE_BREAKS = [a_value, a_value, a_value_by_one, a_value_by_one, a_denominator, forgotten, a_reason, given_and_missing, another_number,
                 out_of_order, too_short, too_many, a_name, an_explanation, no_explanation, no_explanation]
SLOT_BREAKS = [a_correction, another_period, another_form, another_catalogue, a_school]


SHEET_BREAKS = [a_value, a_value_by_one, a_value_by_one, a_denominator, forgotten, forgotten]


def for_a_sheet(dice, message, digest, form_code):
    """One that a clerk can write into the template: no denominator where there is no cell for it, words beside rows alone."""
    s = statement(dice, message, digest, form_code, SHEET_BREAKS)
    divided = {i.number for i in message.indicator if i.measure in DIVIDED}
    for at, number in enumerate(s.indicator):
        s.denominator[at] *= number in divided
    beside = {e.indicator for e in s.explanation if e.indicator}
    del s.explanation[:]
    for number in sorted(beside):
        s.explanation.add(indicator=number, text="核对无误")
    return s


def statement(dice, message, digest, form_code=None, breaks=tuple(FIGURE_BREAKS + SLOT_BREAKS)):
    s = lawful(dice, message, digest, form_code)
    for _ in range(dice.choice([0, 0, 1, 1, 1, 2, 3, 8])):
        dice.choice(breaks)(dice, s, message)
    return s
