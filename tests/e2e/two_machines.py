"""What a county's books must be after whatever two machines of one school sent: a model of some pages, with none of the house's code."""

from dataclasses import dataclass, field
from decimal import Decimal

import contract
from world import first_day

from bad.country import LEAN, figures_of

OPTIONAL = ["fee", "balance", "land", "opening_hours", "pass_rate", "pay_ratio"]  # no two of them in one rule that could break


@dataclass
class Sent:
    """One statement, and what the model knows of it."""
    slot: tuple
    revision: int
    previous: bytes
    bytes: bytes
    figures: dict      # number -> (value, denominator)
    missing: dict      # number -> reason
    correction: str
    admitted: bool = False  # after the close, by a person

    @property
    def id(self):
        return contract.statement_id(self.bytes)


@dataclass
class Slot:
    closed: bool = False
    late: bool = False
    chain: list = field(default_factory=list)  # Sent, accepted, revision 1 first
    kept: dict = field(default_factory=dict)   # id -> Sent, came after the close
    decided: set = field(default_factory=set)  # ids of kept statements about which a person decided

    def follows(self, sent):
        """Whether it is the next revision of what the slot holds."""
        return sent.revision == len(self.chain) + 1 and sent.previous == (self.current.id if self.chain else b"")

    @property
    def current(self):
        return self.chain[-1] if self.chain else None


class Model:
    """PROTOCOL.md's table "Wait and conflict", and nothing else."""

    def __init__(self):
        self.slots = {}

    def answer(self, sent):
        """What the collector must say, as (kind, id, revision); the books are changed accordingly."""
        slot = self.slots[sent.slot]
        if any(sent.id == one.id for one in slot.chain):
            return "receipt", sent.id, sent.revision
        if sent.id in slot.decided:
            return "declined", sent.id, sent.revision
        if slot.closed:
            slot.kept[sent.id] = sent
            return "kept", sent.id, sent.revision
        newest = len(slot.chain)
        if sent.revision > newest + 1:
            return "wait", sent.id, 0
        if slot.follows(sent):
            slot.chain.append(sent)
            return "receipt", sent.id, sent.revision
        return "conflict", slot.current.id if newest else b"", newest

    def undecided(self):
        return [one for slot in self.slots.values() for name, one in slot.kept.items() if name not in slot.decided]

    def admit(self, sent):
        """Whether a person may: then it is in the books."""
        slot = self.slots[sent.slot]
        if not slot.follows(sent):
            return False
        sent.admitted = True
        slot.chain.append(sent)
        slot.decided.add(sent.id)
        return True

    def decline(self, sent):
        self.slots[sent.slot].decided.add(sent.id)

    # -- the books, as rows --

    def figures(self):
        return {(*name, number): row for name, slot in self.slots.items() if slot.current for number, row in rows_of(slot.current).items()}

    def history(self):
        """What each revision replaced: its predecessor's rows, by its id."""
        return {(*name, number, was.revision): (*row, now.id) for name, slot in self.slots.items()
                for was, now in zip(slot.chain, slot.chain[1:]) for number, row in rows_of(was).items()}

    def totals(self):
        """(form, period, number) -> [schools, excused, value, denominator], of all schools; cells in which nobody stands are not there."""
        cells = {}
        for (_, form, period, number), (missing, value, denominator) in self.figures().items():
            cell = cells.setdefault((form, period, number), [0, 0, 0, 0])
            for at, more in enumerate((value is not None, missing is not None, value or 0, denominator or 0)):
                cell[at] += more
        return cells


def rows_of(sent):
    rows = {number: (None, value, denominator) for number, (value, denominator) in sent.figures.items()}
    return {**rows, **{number: (reason, None, 0) for number, reason in sent.missing.items()}}


# ---- statements ----------------------------------------------------------------------------------------------------------


def random_texts(dice, form):
    """Lawful figures of a form, with gaps: code -> text, and code -> reason."""
    if form == "junior.monthly":
        return {"juniors": str(dice.randint(0, 5000))}, {}
    if form == "primary.weekly":
        return ({}, {"late_comers": dice.randint(1, 4)}) if dice.random() < 0.3 else ({"late_comers": str(dice.randint(0, 99))}, {})
    classes = dice.randint(4, 40)
    texts = {"pupils": str(dice.randint(50, 900)), "classes": str(classes), "overfull_classes": f"{dice.randint(0, classes // 4)}/{classes}",
             "water": f"{dice.randint(0, 900)}.{dice.randint(0, 9)}"}
    made = {"fee": f"0.{dice.randint(0, 999999):06d}", "balance": f"-{dice.randint(1, 999)}.5", "land": str(dice.randint(0, 10 ** 12)),
            "opening_hours": "8.25", "pass_rate": f"{dice.randint(0, 50)}/{dice.randint(50, 90)}", "pay_ratio": f"1.{dice.randint(0, 999):03d}/1.000"}
    texts.update({code: made[code] for code in OPTIONAL if dice.random() < 0.5})
    missing = {code: dice.randint(1, 4) for code in [*LEAN, *OPTIONAL] if dice.random() < 0.15}
    return {code: text for code, text in texts.items() if code not in missing}, missing


class Desk:
    """Makes statements; `dice` decides what stands in them."""

    def __init__(self, world, dice):
        self.world, self.dice = world, dice

    def state(self, slot, revision, previous):
        school, form, period = slot
        texts, reasons = random_texts(self.dice, form)
        catalogue = self.world.catalogue
        figures = figures_of(catalogue, texts)
        missing = {catalogue.number(code): reason for code, reason in reasons.items()}
        correction = "" if revision == 1 else f"第 {revision - 1} 次报告抄录有误，{self.dice.randint(0, 99)}"
        made = contract.statement(school, form, period, catalogue.hash, figures, missing=missing, revision=revision, previous=previous,
                                  correction=correction, filled_ms=self.dice.randint(1, 2 ** 40))
        pairs = {number: figure if isinstance(figure, tuple) else (figure, 0) for number, figure in figures.items()}
        return Sent(slot, revision, previous, made, pairs, missing, correction)


# ---- the books, as they are ----------------------------------------------------------------------------------------------


def figures_in(database):
    return {tuple(row[:4]): (row[4], row[5], row[6] or 0) for row in database.rows(
        """SELECT s.code, form.code, f.period, f.indicator, f.missing, f.value, f.denominator FROM yuebao.figure AS f
           JOIN yuebao.school AS s USING (school) JOIN yuebao.form USING (form)""")}


def history_in(database):
    return {tuple(row[:5]): (row[5], row[6], row[7] or 0, bytes(row[8])) for row in database.rows(
        """SELECT s.code, form.code, h.period, h.indicator, h.revision, h.missing, h.value, h.denominator, h.replaced_by
           FROM yuebao.figure_history AS h JOIN yuebao.school AS s USING (school) JOIN yuebao.form USING (form)""")}


def ledger_in(database):
    return {(s, f, p, n): (bytes(i), late, admitted, why) for s, f, p, n, i, late, admitted, why in database.rows(
        """SELECT s.code, form.code, r.period, r.revision, r.id, r.late, r.admitted, r.correction FROM yuebao.report AS r
           JOIN yuebao.school AS s USING (school) JOIN yuebao.form USING (form)""")}


def totals_in(database):
    return {tuple(row[:3]): [int(x) for x in row[3:]] for row in database.rows(
        """SELECT form.code, p.period, p.indicator, sum(p.schools), sum(p.excused), sum(p.value), sum(p.denominator)
           FROM yuebao.total_part AS p JOIN yuebao.form USING (form) GROUP BY 1, 2, 3""") if row[3] or row[4] or row[5] or row[6]}


def by_day(rows):
    return {(*key[:2], first_day(key[2]), *key[3:]): value for key, value in rows.items()}


def assert_books_are(world, model):
    """Figures, history, ledger and totals, in the tables and as officials read them."""
    database, indicators = world.database, world.catalogue.indicators
    assert figures_in(database) == by_day(model.figures())
    assert history_in(database) == by_day(model.history())
    assert ledger_in(database) == by_day({(*name, one.revision): (one.id, slot.late or one.admitted, one.admitted, one.correction)
                                          for name, slot in model.slots.items() for one in slot.chain})
    totals = {(form, first_day(period), number): cell for (form, period, number), cell in model.totals().items()}
    for (_, form, period), slot in model.slots.items():
        for one in slot.chain:  # the reports themselves, under 0
            cell = totals.setdefault((form, first_day(period), 0), [0, 0, 0, 0])
            first = one is slot.chain[0]
            cell[0] += first
            cell[1] += first and (slot.late or one.admitted)
            cell[2] += len(slot.chain) > 1 and one is slot.chain[1]
            cell[3] += one.admitted
    assert totals_in(database) == totals
    assert_shown(database, model, totals, indicators)
    assert_marked(database, model, indicators)
    assert_complete(database, model)
    world.assert_books_agree()


def assert_shown(database, model, totals, indicators):
    """api.figure and api.district_total: the same with decimals, and the revision beside each figure."""
    for school, form, day, code, value, denominator, missing, revision, late in database.rows(
            "SELECT school, form, first_day, indicator, value, denominator, missing_en IS NOT NULL, revision, late FROM api.figure"):
        slot = next(s for name, s in model.slots.items() if (name[0], name[1], first_day(name[2])) == (school, form, day))
        indicator = next(i for i in indicators.values() if i.code == code)
        _, wanted, below = rows_of(slot.current)[indicator.number]
        assert (value, revision, late, missing) == (decimal(wanted, indicator.decimals), slot.current.revision, slot.late or slot.current.admitted, wanted is None)
        assert denominator in (None, decimal(below, indicator.denominator_decimals))
    shown = database.rows("SELECT kind || '.' || frequency, first_day, indicator, schools, excused, value, district FROM api.district_total")
    assert {row[6] for row in shown} == {990000, 990100}, "the district and the nation above it"
    for form, day, code, schools, excused, value, _ in shown:
        indicator = next(i for i in indicators.values() if i.code == code)
        cell = totals.get((form, day, indicator.number), [0, 0, 0, 0])
        assert [schools, excused] == cell[:2]
        if schools and code != "opening_hours":  # a mean of schools
            assert value == decimal(cell[2], indicator.decimals)
        elif not schools:
            assert value is None, "missing is not zero"


def is_late(slot, sent):
    return slot.late or sent.admitted


def assert_marked(database, model, indicators):
    """Corrections and admissions after the close, wherever a report or a figure is shown: what stands, and what was replaced by what."""
    slots = {(name[0], name[1], first_day(name[2])): slot for name, slot in model.slots.items()}
    reports = {tuple(row[:4]): row[4:] for row in database.rows(
        "SELECT school, form, first_day, revision, late, admitted, corrected, replaced FROM api.report")}
    assert reports == {(*name, one.revision): (is_late(slot, one), one.admitted, one.revision > 1, one is not slot.current)
                       for name, slot in slots.items() for one in slot.chain}
    figures = {row[:3]: row[3:] for row in database.rows(
        "SELECT DISTINCT school, form, first_day, revision, late, admitted, corrected FROM api.figure")}
    assert figures == {name: (slot.current.revision, is_late(slot, slot.current), slot.current.admitted, slot.current.revision > 1)
                       for name, slot in slots.items() if slot.current}
    history = {tuple(row[:5]): tuple(row[5:]) for row in database.rows(
        """SELECT school, form, first_day, indicator, revision, late, admitted, corrected, value, new_revision, new_late, new_admitted, new_value,
                  correction, replaced_by FROM api.figure_history""")}
    wanted = {}
    for name, slot in slots.items():
        for was, now in zip(slot.chain, slot.chain[1:]):
            for number, (_, value, _) in rows_of(was).items():
                indicator, after = indicators[number], rows_of(now).get(number, (None, None, None))[1]
                wanted[*name, indicator.code, was.revision] = (
                    is_late(slot, was), was.admitted, was.revision > 1, decimal(value, indicator.decimals), now.revision, is_late(slot, now), now.admitted,
                    decimal(after, indicator.decimals), now.correction, now.id.hex())
    assert history == wanted


def assert_complete(database, model):
    """What is owed and what came of it, counted in Python: two primary schools and a junior stage are there to owe."""
    told = {tuple(row[:2]): list(row[2:]) for row in database.rows(
        """SELECT form, first_day, expected, reported, on_time, late, admitted, corrected, kept, missing FROM api.completeness
           WHERE district = 990000 AND (form, period) IN (SELECT * FROM unnest(%s, %s))""",
        [name[1] for name in model.slots], [name[2] for name in model.slots])}
    wanted = {}
    for (_, form, period), slot in model.slots.items():
        expected, reported = 1 if form.startswith("junior") else 2, len(slot.chain) > 0
        late = reported and is_late(slot, slot.chain[0])
        wanted[form, first_day(period)] = [expected, reported, reported and not late, late, sum(one.admitted for one in slot.chain),
                                           len(slot.chain) > 1, any(name not in slot.decided for name in slot.kept), expected - reported]
    assert told == wanted


def decimal(scaled, decimals):
    return None if scaled is None else Decimal(scaled).scaleb(-decimals)
