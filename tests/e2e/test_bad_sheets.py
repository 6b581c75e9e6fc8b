"""bad/sheets.py through the real client: each fault by row and column, in words that hold the value and the bound; nothing is signed or sent."""

import json
import re

import pytest

from house import ROOT, run
from sheet import Sheet
from world import OPEN

from bad import country, sheets
from bad.statements import ALL as STATEMENTS, error
from test_bad_statements import number_of

COLUMN_OF = {  # of what validate finds; all else is about the value
    "DENOMINATOR_ZERO": "denominator", "DENOMINATOR_NEGATIVE": "denominator", "DENOMINATOR_UNEXPECTED": "denominator",
    "BAD_REASON": "reason", "TEXT_TOO_LONG": "explanation", "EXPLANATION_MISSING": "explanation",
}
OF_DENOMINATORS = {"overfull_of_classes", "attended_within"}  # rules whose first term is one


def column_of(finding):
    if finding.code == "RULE_BROKEN" and finding.rule in OF_DENOMINATORS:
        return "denominator"
    return COLUMN_OF.get(finding.code, "value")


@pytest.fixture(scope="module")
def world(cluster, authority, scratch):
    world = country.make(cluster, authority, scratch, "bad_sheets")
    yield world
    assert world.database.value("SELECT count(*) FROM yuebao.report") == 0
    assert world.database.value("SELECT count(*) FROM yuebao.rejection") == 0
    world.close()


@pytest.fixture(scope="module")
def desk(world):
    desk = world.desk(country.PRIMARY)
    desk("catalogue")
    yield desk
    said = json.loads(desk("status", "--all", "--json").stdout)
    assert not any(i.get("revision") for part in said.values() if isinstance(part, list) for i in part if isinstance(i, dict)), "nothing was signed"


@pytest.fixture(scope="module")
def template(desk):
    path = desk.home / "template.csv"
    desk("template", OPEN, "-o", path)
    return path


@pytest.fixture(scope="module")
def hints():
    """name -> (English, 中文) as patterns, from the one table of messages."""
    text = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    table = re.findall(rf"M\(hint_(\w+),\s*{text},\s*{text}\)", (ROOT / "proto" / "messages.def").read_text())
    return {name: tuple(pattern_of("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words))) for words in both) for name, *both in table}


def pattern_of(words):
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(words)))


def lean_sheet(world, template):
    return Sheet(template).fill(world.catalogue, country.figures_of(world.catalogue, country.LEAN))


def check(desk, path, lang, *options):
    done = desk("check", path, "--json", *options, ok=None, lang=lang)
    assert done.returncode in (0, 65), done
    told = json.loads(done.stdout)["findings"]
    assert (done.returncode == 65) == any(f["severity"] == "error" for f in told)
    return told


def row_of(sheet_, where):
    return sheet_.line[where] if isinstance(where, str) else where


def assert_sentences(told, lang):
    """In the clerk's language, with the value found and the bound."""
    for finding in told:
        sentence = finding["message"]
        assert any("\u4e00" <= c <= "\u9fff" for c in re.sub(r"“[^”]*”", "", sentence)) or lang == "en", sentence
        assert not re.search(r"\{\w+\}", sentence), sentence
        if finding["code"] not in UNSPOKEN:
            for text in (finding["found"], finding["bound"]):
                assert text in sentence or text == "" or (finding["code"], lang) in TRANSLATED, (text, sentence)


UNSPOKEN = {"WRONG_CATALOGUE", "CELL_BOTH", "INDICATOR_NOT_IN_FORM", "COLUMN_MISSING", "NAME_MISSING"}  # found or bound would say nothing to a person
TRANSLATED = {(code, lang) for code in ("SHEET_UNREADABLE", "SCHOOL_NOT_OPEN", "BAD_PERIOD", "TEXT_TOO_LONG", "EXPLANATION_MISSING", "NUMERATOR_MISSING", "DENOMINATOR_MISSING")
              for lang in ("zh", "en")}


def fits(wanted, told):
    if hasattr(wanted, "fullmatch"):
        return wanted.fullmatch(told) is not None
    return told.endswith(wanted) if str(wanted).startswith("+") else told == wanted  # "+08:00": an instant


def assert_found(case, sheet_, told, hints, lang):
    as_read = [(f["code"], f["severity"], f.get("row"), f.get("column", ""), f["found"], f["bound"], f.get("hint", "")) for f in told]
    wanted = [(w.code, w.severity, row_of(sheet_, w.where), w.column, str(w.found), w.bound if hasattr(w.bound, "fullmatch") else str(w.bound), hints[w.hint][lang == "zh"] if w.hint else "")
              for w in case.said]
    assert len(as_read) == len(wanted), f"\n  told   {as_read}\n  wanted {wanted}"
    for read, want in zip(as_read, wanted):
        assert all(fits(w, r) for r, w in zip(read, want)), f"\n  told   {read}\n  wanted {want}"


@pytest.mark.parametrize("case", sheets.ALL, ids=[c.name for c in sheets.ALL])
def test_named_by_row_and_column(world, desk, template, hints, case):
    sheet_ = lean_sheet(world, template)
    if case.edit:
        case.edit(sheet_)
    path = sheet_.save(desk.home / "bad.csv", case.encoding, case.delimiter)
    if case.spoil:
        path.write_bytes(case.spoil(path.read_bytes()))
    for lang in ("zh", "en"):
        told = check(desk, path, lang, *case.options)
        assert_found(case, sheet_, told, hints, lang)
        assert_sentences(told, lang)


@pytest.mark.parametrize("case", sheets.GOOD, ids=[c.name for c in sheets.GOOD])
def test_odd_and_right_all_the_same(world, desk, template, hints, case):
    sheet_ = lean_sheet(world, template)
    if case.edit:
        case.edit(sheet_)
    path = sheet_.save(desk.home / "good.csv", case.encoding, case.delimiter)
    if case.spoil:
        path.write_bytes(case.spoil(path.read_bytes()))
    assert_found(case, sheet_, check(desk, path, "zh", *case.options), hints, "zh")


# ---- what the collector finds, the desk finds too ------------------------------------------------------------------------

OF_SHEETS = [case for case in STATEMENTS if case.desk]


def typed(sheet_, case):
    """The statement's figures and explanations, as a clerk would type them."""
    for code, text in case.figures.items():
        value, _, denominator = (text or "").partition("/")
        sheet_.set(code, "value", value)
        sheet_.set(code, "denominator", denominator)
    for code, _, text in case.explanations:
        sheets.explain(sheet_, code, text)
    return sheet_


@pytest.mark.parametrize("case", OF_SHEETS, ids=[c.name for c in OF_SHEETS])
def test_the_desk_finds_what_the_collector_finds(world, desk, template, case):
    sheet_ = typed(lean_sheet(world, template), case)
    path = sheet_.save(desk.home / "same.csv")
    wanted = sorted((f.severity.lower(), sheet_.line.get(f.indicator, 0), column_of(f), f.code, number_of(world, f.indicator), f.found, f.bound, f.rule)
                    for f in case.said if f.code != "TEXT_TOO_LONG")
    for lang in ("zh", "en"):
        told = check(desk, path, lang)
        read = sorted((f["severity"], f.get("row", 0), f.get("column", ""), f["code"], f.get("indicator", 0), f["found"], f["bound"], f.get("rule", ""))
                      for f in told if f["code"] != "TEXT_TOO_LONG")
        assert read == wanted, f"\n  told   {read}\n  wanted {wanted}"
        assert [f["severity"] for f in told] == sorted(f["severity"] for f in told), "errors first"
        assert_sentences(told, lang)
