"""What is wrong with a statement is said by name, signed, and nothing of it is stored."""

import json

import pytest

import contract
from contract import pb
from figures import bound, with_denominator
from house import wait_for
from world import FUTURE, OPEN

FORM = "primary.monthly"


def find(world, what):
    """An indicator of the primary monthly form that no rule speaks of: `what` picks among (indicator, whether required)."""
    form = world.catalogue.forms[FORM]
    for number in world.catalogue.unruled(FORM):
        if what(world.catalogue.indicators[number], number in form.required):
            return world.catalogue.indicators[number]
    raise AssertionError("the form has no such indicator")


def of_measure(*measures):
    return lambda i, required: i.measure in measures


# Each breaks a lawful Statement in one way. (world, message) -> None, and the message is what is then signed.


def with_figure(world, s, indicator, value, denominator=0):
    """Put one figure into its place in the arrays."""
    figures = {n: (v, d) for n, v, d in zip(s.indicator, s.value, s.denominator)}
    figures[indicator.number] = (value, denominator)
    del s.indicator[:], s.value[:], s.denominator[:]
    for number in sorted(figures):
        s.indicator.append(number)
        s.value.append(figures[number][0])
        s.denominator.append(figures[number][1])


def without(s, number):
    at = list(s.indicator).index(number)
    del s.indicator[at], s.value[at], s.denominator[at]


def forget_required(world, s):
    without(s, world.catalogue.forms[FORM].required[0])


def too_much(world, s):
    indicator = find(world, of_measure(pb.COUNT))
    with_figure(world, s, indicator, int(bound(indicator.max) * 10 ** indicator.decimals) + 1)


def too_little(world, s):
    indicator = find(world, of_measure(pb.COUNT))
    with_figure(world, s, indicator, int(bound(indicator.min) * 10 ** indicator.decimals) - 1)


def quotient_too_much(world, s):
    indicator = find(world, of_measure(pb.QUOTIENT))
    people = 7 * 10 ** indicator.denominator_decimals
    with_figure(world, s, indicator, int(bound(indicator.max) * 7 * 10 ** indicator.decimals) + 1, people)


def numerator_over(world, s):
    indicator = find(world, of_measure(pb.RATIO))
    with_figure(world, s, indicator, 11 * 10 ** indicator.decimals, 10 * 10 ** indicator.denominator_decimals)


def divided_by_nothing(world, s):
    with_figure(world, s, find(world, of_measure(pb.RATIO)), 3, 0)


def divided_by_less(world, s):
    with_figure(world, s, find(world, of_measure(pb.RATIO)), 3, -10)


def denominator_for_a_count(world, s):
    with_figure(world, s, find(world, of_measure(pb.COUNT)), 3, 10)


def unknown_indicator(world, s):
    s.indicator.append(32000), s.value.append(1), s.denominator.append(0)


def foreign_indicator(world, s):
    form = world.catalogue.forms[FORM]
    number = next(n for n in world.catalogue.indicators if n not in [*form.required, *form.optional])
    with_figure(world, s, world.catalogue.indicators[number], 1, 1 if with_denominator(world.catalogue.indicators[number]) else 0)


def descending(world, s):
    numbers = list(s.indicator)
    numbers[0], numbers[1] = numbers[1], numbers[0]
    s.indicator[:] = numbers


def repeated(world, s):
    s.indicator[1] = s.indicator[0]


def given_and_missing(world, s):
    s.missing.append(s.indicator[0]), s.missing_reason.append(pb.NOT_COLLECTED)


def too_many(world, s):
    s.indicator[:] = range(1, 502)
    s.value[:] = s.denominator[:] = [0] * 501


def no_reason(world, s):
    number = s.indicator[0]
    without(s, number)
    s.missing.append(number), s.missing_reason.append(pb.REASON_NONE)


def set_field(**fields):
    def edit(world, s):
        for name, value in fields.items():
            setattr(s, name, value)
    return edit


def shorter(name):
    def edit(world, s):
        getattr(s, name).pop()
    return edit


BROKEN = [
    ("school nobody knows", set_field(school="9999999"), {"KEY_NOT_OF_SCHOOL", "UNKNOWN_SCHOOL"}),
    ("another school's", "foreign school", {"KEY_NOT_OF_SCHOOL"}),
    ("form nobody knows", set_field(form="primary.hourly"), {"UNKNOWN_FORM"}),
    ("form that is no form", set_field(form="x.y"), {"UNKNOWN_FORM"}),
    ("another kind's form", set_field(form="senior.monthly"), {"FORM_NOT_OF_KIND"}),
    ("period that is none", set_field(period="2026-13"), {"BAD_PERIOD"}),
    ("period of another frequency", set_field(period="2026-Q3"), {"BAD_PERIOD"}),
    ("period without a window", set_field(period="2016-01"), {"PERIOD_NOT_IN_CALENDAR"}),
    ("period not yet open", set_field(period=FUTURE), {"PERIOD_NOT_OPEN"}),
    ("another catalogue", set_field(catalogue=b"\1" * 32), {"WRONG_CATALOGUE"}),
    ("catalogue of no length", set_field(catalogue=b""), {"WRONG_CATALOGUE"}),
    ("revision 0", set_field(revision=0), {"BAD_REVISION"}),
    ("revision 1 with a predecessor", set_field(previous=b"\1" * 32), {"BAD_REVISION"}),
    ("revision 2 without one", set_field(revision=2, correction="x"), {"BAD_REVISION"}),
    ("predecessor of 31 bytes", set_field(revision=2, correction="x", previous=b"\1" * 31), {"BAD_REVISION"}),
    ("correction without a reason", set_field(revision=2, previous=b"\1" * 32, correction=""), {"CORRECTION_REASON_MISSING"}),
    ("no filler", set_field(filler=""), {"NAME_MISSING"}),
    ("no reviewer", set_field(reviewer=""), {"NAME_MISSING"}),
    ("no head", set_field(head=""), {"NAME_MISSING"}),
    ("head that nobody sees", set_field(head="\u200b\ufeff"), {"NAME_MISSING"}),
    ("501 figures", too_many, {"TOO_MANY_FIGURES"}),
    ("name of 121 bytes", set_field(filler="x" * 121), {"TEXT_TOO_LONG"}),
    ("reason of 601 bytes", set_field(revision=2, previous=b"\1" * 32, correction="x" * 601), {"TEXT_TOO_LONG"}),
    ("a value too few", shorter("value"), {"ARRAYS_DIFFER"}),
    ("a denominator too few", shorter("denominator"), {"ARRAYS_DIFFER"}),
    ("an indicator too few", shorter("indicator"), {"ARRAYS_DIFFER"}),
    ("descending", descending, {"NOT_ASCENDING"}),
    ("an indicator twice", repeated, {"NOT_ASCENDING"}),
    ("given and missing", given_and_missing, {"NOT_ASCENDING"}),
    ("missing without a reason", no_reason, {"BAD_REASON"}),
    ("required forgotten", forget_required, {"REQUIRED_FORGOTTEN"}),
    ("unknown indicator", unknown_indicator, {"UNKNOWN_INDICATOR"}),
    ("indicator of another form", foreign_indicator, {"INDICATOR_NOT_IN_FORM"}),
    ("above its bound", too_much, {"ABOVE_MAX"}),
    ("below its bound", too_little, {"BELOW_MIN"}),
    ("quotient above its bound", quotient_too_much, {"ABOVE_MAX"}),
    ("numerator over denominator", numerator_over, {"NUMERATOR_OVER_DENOMINATOR"}),
    ("divided by zero", divided_by_nothing, {"DENOMINATOR_ZERO"}),
    ("divided by less than zero", divided_by_less, {"DENOMINATOR_NEGATIVE"}),
    ("a denominator too many", denominator_for_a_count, {"DENOMINATOR_UNEXPECTED"}),
]


@pytest.fixture(scope="module")
def school(world):
    return world.enrolled("primary")[0]


@pytest.fixture(scope="module")
def session(world, school):
    with world.greeted(school) as session:
        yield session


def codes(verdict):
    assert verdict.WhichOneof("outcome") == "reject", verdict
    return {pb.FindingCode.Name(f.code) for f in verdict.reject.finding if f.severity == pb.ERROR}


def assert_names_no_statement(verdict):
    """Anybody can mangle an envelope: what he is told must not pass for a word about the statement inside."""
    assert (verdict.id, verdict.school, verdict.form, verdict.period, verdict.revision) == (b"", "", "", "", 0)


@pytest.mark.parametrize("edit, expected", [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_refused_by_name(world, school, session, edit, expected):
    if edit == "foreign school":
        other = world.fresh("primary")
        edit = set_field(school=other.code)
    statement = world.statement(school, world.lawful(school), edit=lambda s: edit(world, s))
    verdict = session.submit(world.envelope(school, statement))
    found = codes(verdict)
    assert found & expected and found <= expected | {"REQUIRED_FORGOTTEN", "INDICATOR_NOT_IN_FORM"}, verdict
    if found == {"KEY_NOT_OF_SCHOOL"}:
        assert_names_no_statement(verdict)
    else:
        assert verdict.id == contract.statement_id(statement)
    if len(found) == 1 and not found & {"REQUIRED_FORGOTTEN", "INDICATOR_NOT_IN_FORM"}:
        assert len(verdict.reject.finding) == 1, "one mistake, one finding"
    assert world.revisions(school) == []


def test_all_faults_are_named_at_once(world, school, session):
    def spoil(s):
        too_much(world, s)
        numerator_over(world, s)
        s.filler = ""
        s.missing.append(32000), s.missing_reason.append(pb.REFUSED)
    verdict = session.submit(world.envelope(school, world.statement(school, world.lawful(school), edit=spoil)))
    assert codes(verdict) == {"ABOVE_MAX", "NUMERATOR_OVER_DENOMINATOR", "NAME_MISSING", "UNKNOWN_INDICATOR"}
    about = {f.code: f.indicator for f in verdict.reject.finding}
    count, ratio = find(world, of_measure(pb.COUNT)), find(world, of_measure(pb.RATIO))
    assert about[pb.ABOVE_MAX] == count.number and about[pb.NUMERATOR_OVER_DENOMINATOR] == ratio.number
    texts = {f.code: (f.found, f.bound) for f in verdict.reject.finding}
    assert str(int(bound(count.max)) + 1) in texts[pb.ABOVE_MAX][0] and str(int(bound(count.max))) in texts[pb.ABOVE_MAX][1]


def test_a_foreign_signature_is_refused(world, school, session):
    statement = world.statement(school, world.lawful(school))
    for spoil in ({"signature": contract.Key().sign("yuebao-statement-v1", statement)},
                  {"signature": b"\0" * 64},
                  {"signature": b""},
                  {"signature": world.keys[school.code].sign("yuebao-verdict-v1", statement)}):
        verdict = session.submit(world.envelope(school, statement, **spoil))
        assert codes(verdict) == {"BAD_SIGNATURE"}
        assert_names_no_statement(verdict)
    assert world.revisions(school) == []


def test_a_key_that_nobody_enrolled_is_refused(world, school, session):
    statement = world.statement(school, world.lawful(school))
    for env, code in ((world.envelope(school, statement, contract.Key()), "KEY_NOT_OF_SCHOOL"),
                      (world.envelope(school, statement, algorithm=2), "UNKNOWN_ALGORITHM")):
        verdict = session.submit(env)
        assert codes(verdict) == {code}
        assert_names_no_statement(verdict)


def test_envelopes_that_came_to_nothing_are_remembered_without_a_slot(world, school, session):
    """So that a stranger can neither fill a school's own places in the table nor the disk."""
    of_nobody = "SELECT count(*) FROM yuebao.rejection WHERE school_code || form_code || period_text = ''"
    for n in range(60):
        statement = world.statement(school, world.lawful(school, seed=n), period=FUTURE)
        assert codes(session.submit(world.envelope(school, statement, contract.Key()))) == {"KEY_NOT_OF_SCHOOL"}
    assert wait_for("some", lambda: world.database.value(of_nobody)) <= 20 + 4
    told = json.loads(world.database.ctl("rejections", "--limit", "500", "--json").stdout)
    assert any(row["finding"] == "KEY_NOT_OF_SCHOOL" and school.code in row["problem"] for row in told), "the help desk sees them"
    assert world.database.value("SELECT count(*) FROM yuebao.rejection WHERE summary LIKE '%%' || %s", school.code) > 0


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def field(number, wire, payload):
    return varint(number << 3 | wire) + payload


def text(number, data):
    return field(number, 2, varint(len(data)) + data)


LAX = [  # what a lax decoder would let through, appended to a lawful statement's bytes
    ("unknown field", text(99, b"x")),
    ("field number 0", text(0, b"x")),
    ("a group", field(90, 3, b"") + field(90, 4, b"")),
    ("singular field twice", text(1, b"0000001")),
    ("packed field twice", text(13, varint(5)) + text(13, varint(6))),
    ("empty packed field", text(13, b"")),
    ("unpacked element", field(13, 0, varint(5))),
    ("varint not minimal", field(17, 0, b"\x81\x80\x00")),
    ("uint32 out of range", text(13, varint(2 ** 32))),
    ("enum without a name", text(14, varint(77))),
    ("wire type of another", field(15, 0, b"\1")),
    ("length beyond the end", field(15, 2, b"\x7f")),
    ("tag without a value", b"\x7a"),
]


@pytest.mark.parametrize("tail", [t for _, t in LAX], ids=[n for n, _ in LAX])
def test_the_gate_refuses_what_a_lax_decoder_lets_through(world, school, session, tail):
    statement = world.statement(school, world.lawful(school), filled_ms=0) + tail
    verdict = session.submit(world.envelope(school, statement))
    assert codes(verdict) == {"BAD_ENVELOPE"}
    assert verdict.id == contract.statement_id(statement)
    assert world.revisions(school) == []


@pytest.mark.parametrize("name", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"a\0b", b"a\nb", b"a\x7fb", "a\u0085b".encode()],
                         ids=["not UTF-8", "overlong", "surrogate", "NUL", "line feed", "DEL", "C1 control"])
def test_the_gate_refuses_unclean_text(world, school, session, name):
    statement = world.statement(school, world.lawful(school), filler="") + text(7, name)
    assert codes(session.submit(world.envelope(school, statement))) == {"BAD_ENVELOPE"}


def test_refusals_are_remembered_but_not_without_end(world, school, session):
    """About 20 a slot, give or take what four links store at once: a broken client cannot fill the disk."""
    for n in range(60):
        statement = world.statement(school, world.lawful(school, seed=n), filler="")
        assert codes(session.submit(world.envelope(school, statement))) == {"NAME_MISSING"}
    kept = world.database.value("SELECT count(*) FROM yuebao.rejection WHERE school_code = %s AND period_text = %s",
                                school.code, OPEN)
    assert 1 <= kept <= 20 + 4


def test_made_up_names_make_no_slots(world, school, session):
    """What is capped a slot must not grow with slots that a peer invents."""
    def held():
        return world.database.value("SELECT count(*) FROM yuebao.rejection")

    before = held()
    for n in range(60):
        field, name = [("form", f"form{n}"), ("period", f"{2100 + n}-01"), ("school", f"X{n}")][n % 3]
        statement = world.statement(school, world.lawful(school, seed=n), filler="",
                                    edit=lambda s, field=field, name=name: setattr(s, field, name))
        assert not codes(session.submit(world.envelope(school, statement))) <= {"NAME_MISSING"}
    named = world.database.value("SELECT count(*) FROM yuebao.rejection WHERE school_code LIKE 'X%' OR form_code LIKE 'form%'"
                                 " OR period_text LIKE '21%'")
    assert named == 0 and held() - before <= 3 * (20 + 4)


def test_the_lawful_one_still_goes_through(world, school, session):
    assert session.submit(world.envelope(school, world.statement(school, world.lawful(school)))).HasField("receipt")
    world.assert_books_agree()
