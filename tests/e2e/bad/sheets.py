"""Sheets that must not pass the desk, what is said of each by row and column, and which hint helps the clerk.

One row: a lawful sheet (the template of bad/country.py's form, filled with its lean report), and what is done to it. `said` lists every
finding: code, where (an indicator's code: its row; a number: that row; None: no row), column, found, bound, hint.
"""

import csv
import io
import re
from dataclasses import dataclass

from world import CLOSED, FUTURE, OPEN

MARK = f"0000101 primary.monthly {OPEN} 第一小学"


@dataclass(frozen=True)
class Said:
    code: str
    where: object = None
    column: str = ""
    found: str = ""
    bound: str = ""
    hint: str = ""
    severity: str = "error"


@dataclass
class BadSheet:
    name: str
    said: list
    edit: object = None      # of the Sheet, before it is saved
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    spoil: object = None     # of the bytes
    options: tuple = ()


def sheet(name, *said, **how):
    return BadSheet(name, list(said), **how)


# ---- one cell ----------------------------------------------------------------------------------------------------------


def cell(name, typed, hint, code="CELL_NOT_A_NUMBER", indicator="pupils", column="value", bound=""):
    """The clerk types something that is no number; `hint` says what he meant."""
    return BadSheet(name, [Said(code, indicator, column, typed.strip(), bound, hint)], edit=lambda s: s.set(indicator, column, typed))


TYPED = [
    cell("full-width digits", "３６０", "full_width"),
    cell("one full-width digit", "36０", "full_width"),
    cell("full-width minus", "－360", "full_width"),
    cell("full-width comma", "1，250", "full_width"),
    cell("comma for thousands", "1,250", "thousands"),
    cell("blank for thousands", "1 250", "thousands"),
    cell("no-break space for thousands", "1\u00a0250", "thousands"),
    cell("narrow space for thousands", "1\u202f250", "thousands"),
    cell("ideographic space for thousands", "1\u3000250", "thousands"),
    cell("apostrophe for thousands", "1'250", "thousands"),
    cell("comma for the point", "100,5", "thousands", indicator="water"),
    cell("per cent", "95%", "percent"),
    cell("per cent with a point", "95.5 %", "percent"),
    cell("full-width per cent", "95％", "percent"),
    cell("10月31日", "10月31日", "date"),
    cell("date with slashes", "2026/10/31", "date"),
    cell("date with hyphens", "2026-10-31", "date"),
    cell("day and month", "10-31", "date"),
    cell("English date", "31-Oct", "date"),
    cell("English date, month first", "Oct-31", "date"),
    cell("a time", "12:30", "date"),
    cell("exponent", "1.2E+05", "exponent"),
    cell("exponent in small letters", "3.6e2", "exponent"),
    cell("letter O", "36O", "letters"),
    cell("letter l", "l20", "letters"),
    cell("letters I and B", "I2B", "letters"),
    cell("unit in Chinese", "360人", "unit"),
    cell("unit behind a blank", "360 人", "unit"),
    cell("unit in English", "360pupils", "unit"),
    cell("currency before", "￥360", "unit"),
    cell("about", "约360", "unit"),
    cell("Chinese numerals", "三百六十", "numerals"),
    cell("Chinese numerals for cheques", "叁佰陆拾", "numerals"),
    cell("Chinese zero", "〇", "numerals"),
    cell("leading apostrophe", "'360", "apostrophe"),
    cell("zero-width space inside", "36\u200b0", "invisible"),
    cell("direction mark before", "\u200e360", "invisible"),
    cell("minus of a typesetter", "\u2212360", "minus"),
    cell("trailing point", "360.", "point"),
    cell("leading point", ".5", "point", indicator="water"),
    cell("two points", "3.6.0", "point"),
    cell("#REF!", "#REF!", "formula"),
    cell("#DIV/0!", "#DIV/0!", "formula"),
    cell("#N/A", "#N/A", "suppressed"),
    cell("#VALUE!", "#VALUE!", "formula"),
    cell("########", "########", "formula"),
    cell("formula", "=SUM(A1:A9)", "formula"),
    *(cell(f"suppressed: {mark}", mark, "suppressed") for mark in
      ("*", "x", "s", "<5", "≤5", "…", "...", "-", "—", "——", "--", "/", "NA", "N/A", "n/a", "无", "缺", "未报送", "NotSubmitted", "null", "?")),
    cell("decimals in a count", "360.5", "whole", "CELL_TOO_MANY_DECIMALS", bound="0"),
    cell("point for thousands", "1.250", "whole", "CELL_TOO_MANY_DECIMALS", bound="0"),
    cell("two decimals where one is allowed", "100.55", "", "CELL_TOO_MANY_DECIMALS", indicator="water", bound="1"),
    cell("seven decimals where six are allowed", "0.0000001", "", "CELL_TOO_MANY_DECIMALS", indicator="fee", bound="6"),
    cell("one beyond int64", "9223372036854775808", "", "CELL_OVERFLOW", indicator="land"),
    cell("one beyond int64 below 0", "-9223372036854775809", "", "CELL_OVERFLOW", indicator="land"),
    cell("beyond int64 when scaled", "9223372036854.775808", "", "CELL_OVERFLOW", indicator="fee"),
    cell("thirty digits", "9" * 30, "", "CELL_OVERFLOW"),
    cell("full-width digits in a denominator", "９", "full_width", indicator="overfull_classes", column="denominator"),
    cell("unit in a denominator", "9个班", "unit", indicator="overfull_classes", column="denominator"),
    cell("denominator for a count", "5", "", "DENOMINATOR_UNEXPECTED", column="denominator"),
]

# ---- one row -----------------------------------------------------------------------------------------------------------


def sets(*cells):
    def edit(s):
        for code, column, typed in cells:
            s.set(code, column, typed)
    return edit


def row_of(s, code):
    return s.rows[s.line[code] - 1]


def new_row(s, **cells):
    row = [""] * len(s.rows[0])
    for column, text in {"mark": MARK, **cells}.items():
        row[s.column[column]] = text
    s.rows.append(row)


def drop_row(code):
    def edit(s):
        del s.rows[s.line[code] - 1]
    return edit


def merged(s):
    """Two classes' figures under one merged code: the second row has a figure and no code."""
    new_row(s, value="180")


ROWS = [
    sheet("figure and reason", Said("CELL_BOTH", "pupils", "reason", "360", "未采集"), edit=sets(("pupils", "reason", "未采集"))),
    sheet("denominator and reason", Said("NUMERATOR_MISSING", "attendance", "value", "", "平均实到人数"), Said("CELL_BOTH", "attendance", "reason", "350", "未采集"),
          edit=sets(("attendance", "denominator", "350"), ("attendance", "reason", "未采集"))),
    sheet("reason in the clerk's own words", Said("BAD_REASON", "pupils", "reason", "忘了"), edit=sets(("pupils", "value", ""), ("pupils", "reason", "忘了"))),
    sheet("reason with a number that none has", Said("BAD_REASON", "pupils", "reason", "5"), edit=sets(("pupils", "value", ""), ("pupils", "reason", "5"))),
    sheet("denominator missing", Said("DENOMINATOR_MISSING", "overfull_classes", "denominator", "", "班级总数"), edit=sets(("overfull_classes", "denominator", ""))),
    sheet("numerator missing", Said("NUMERATOR_MISSING", "overfull_classes", "value", "", "大班额班级数"), edit=sets(("overfull_classes", "value", ""))),
    sheet("nothing typed", Said("REQUIRED_FORGOTTEN", "pupils", "value"), edit=sets(("pupils", "value", ""))),
    sheet("blanks typed", Said("REQUIRED_FORGOTTEN", "pupils", "value"), edit=sets(("pupils", "value", " \u3000 "))),
    sheet("row deleted", Said("REQUIRED_FORGOTTEN", None, hint="row_deleted"), edit=drop_row("pupils")),
    sheet("row twice", Said("ROW_TWICE", 16, "indicator", 2), edit=lambda s: new_row(s, code="pupils", value="360")),
    sheet("row twice, empty", Said("ROW_TWICE", 16, "indicator", 2), edit=lambda s: new_row(s, code="pupils")),
    sheet("row of another form", Said("INDICATOR_NOT_IN_FORM", 16, "indicator", "absent", "primary.monthly"), edit=lambda s: new_row(s, code="absent", value="3")),
    sheet("row of another kind", Said("INDICATOR_NOT_IN_FORM", 16, "indicator", "juniors", "primary.monthly"), edit=lambda s: new_row(s, code="juniors", value="3")),
    sheet("code misspelt", Said("ROW_UNKNOWN", 16, "indicator", "pupilz"), edit=lambda s: new_row(s, code="pupilz", value="3")),
    sheet("code in capitals", Said("ROW_UNKNOWN", 16, "indicator", "LAND"), edit=lambda s: new_row(s, code="LAND", value="3")),
    sheet("figure without a code", Said("ROW_UNKNOWN", 16, "indicator", "合计", hint="no_code"), edit=lambda s: new_row(s, name="合计", value="460")),
    sheet("merged cells", Said("ROW_UNKNOWN", 16, "indicator", "180", hint="no_code"), edit=merged),
    sheet("more cells than the header", Said("ROW_RAGGED", "pupils", "", 13, 12), edit=lambda s: row_of(s, "pupils").append("对吗")),
    sheet("a comma in a figure without quotes", Said("DENOMINATOR_UNEXPECTED", "pupils", "denominator", "5"),
          Said("ROW_RAGGED", "pupils", "", 13, 12), spoil=lambda b: b.replace(b",360,", b",360,5,")),
    sheet("explanation of 201 characters", Said("TEXT_TOO_LONG", "pupils", "explanation", "explanation", "200"), edit=lambda s: explain(s, "pupils", "多" * 201)),
    sheet("empty rows count as the spreadsheet counts", Said("CELL_NOT_A_NUMBER", 5, "value", "36O", "", "letters"),
          edit=lambda s: (s.set("pupils", "value", "36O"), s.rows.insert(1, []), s.rows.insert(1, [""] * 12), s.rows.insert(1, []))),
    sheet("title above the header", Said("CELL_NOT_A_NUMBER", 4, "value", "36O", "", "letters"),
          edit=lambda s: (s.set("pupils", "value", "36O"), s.rows.insert(0, ["第一小学月报"]), s.rows.insert(1, ["填报日期", "10月31日"]))),
    sheet("each in its row", Said("CELL_NOT_A_NUMBER", "pupils", "value", "36O", "", "letters"), Said("CELL_NOT_A_NUMBER", "classes", "value", "九", "", "numerals"),
          Said("DENOMINATOR_MISSING", "overfull_classes", "denominator", "", "班级总数"), Said("CELL_TOO_MANY_DECIMALS", "water", "value", "100.55", "1"),
          edit=sets(("pupils", "value", "36O"), ("classes", "value", "九"), ("overfull_classes", "denominator", ""), ("water", "value", "100.55"))),
]


def explain(s, code, text):
    row_of(s, code)[explanation_column(s)] = text


def explanation_column(s):
    return next(n for n, word in enumerate(s.rows[0]) if word in ("说明", "explanation"))


# ---- columns -----------------------------------------------------------------------------------------------------------


def without_column(name):
    def edit(s):
        at = s.column[name]
        for row in s.rows:
            del row[at]
    return edit


def renamed(name, word):
    def edit(s):
        s.rows[0][s.column[name]] = word
    return edit


def twice(name):
    def edit(s):
        at = s.column[name]
        for row in s.rows:
            row.insert(at + 1, row[at])
    return edit


def with_column(word, text):
    def edit(s):
        for n, row in enumerate(s.rows):
            row.append(text if n else word)
    return edit


COLUMNS = [
    sheet("value column missing", Said("COLUMN_MISSING", 1, "value", "数值（分子）", "value"), edit=without_column("value")),
    sheet("code column missing", Said("COLUMN_MISSING", 1, "indicator", "指标代码", "indicator"), edit=without_column("code")),
    sheet("both columns missing", Said("COLUMN_MISSING", 1, "indicator", "指标代码", "indicator"), Said("COLUMN_MISSING", 1, "value", "数值（分子）", "value"),
          edit=lambda s: (without_column("value")(s), without_column("code")(s))),
    sheet("value column renamed", Said("COLUMN_MISSING", 1, "value", "数值（分子）", "value"), Said("COLUMN_UNKNOWN", 1, "", "本月数", severity="warning"),
          edit=renamed("value", "本月数")),
    sheet("denominator column missing", Said("DENOMINATOR_MISSING", "overfull_classes", "denominator", "", "班级总数"), edit=without_column("denominator")),
    sheet("value column twice", Said("COLUMN_TWICE", 1, "value", "数值（分子）"), edit=twice("value")),
    sheet("value column twice by two names", Said("COLUMN_TWICE", 1, "value", "数值"), edit=with_column("数值", "")),
    sheet("code column twice", Said("COLUMN_TWICE", 1, "indicator", "指标代码"), edit=twice("code")),
    sheet("sheet id missing", Said("COLUMN_MISSING", None, "sheet_id", hint="mark_missing"), edit=without_column("mark")),
    sheet("sheet id empty", Said("COLUMN_MISSING", None, "sheet_id", hint="mark_missing"), edit=lambda s: [r.__setitem__(s.column["mark"], "") for r in s.rows[1:]]),
]


def marked(text, *codes):
    """Another sheet id, in all rows or in those named."""
    def edit(s):
        for row in [row_of(s, c) for c in codes] or s.rows[1:]:
            row[s.column["mark"]] = text
    return edit


MARKS = [
    sheet("sheet id of one word", Said("MARK_UNREADABLE", 2, "sheet_id", "0000101"), edit=marked("0000101")),
    sheet("sheet id turned into a date", Said("MARK_UNREADABLE", 2, "sheet_id", "2026年10月"), edit=marked("2026年10月")),
    sheet("a row from another sheet", Said("MARK_DIFFERS", "water", "sheet_id", "0000200 primary.monthly 2020-01 第二小学",
                                           re.compile(rf"0000101 primary\.monthly {OPEN} [0-9a-f]{{8}} 第一小学")),
          edit=marked("0000200 primary.monthly 2020-01 第二小学", "water")),
    sheet("another school's sheet", Said("UNKNOWN_SCHOOL", None, "", "0000200"), edit=marked(f"0000200 primary.monthly {OPEN} 第二小学")),
    sheet("school without its zeros", Said("UNKNOWN_SCHOOL", None, "", "101"), edit=marked(f"101 primary.monthly {OPEN} 第一小学")),
    sheet("sheet id with a month that is none", Said("BAD_PERIOD", None, "", "2026-13", "monthly"), edit=marked("0000101 primary.monthly 2026-13 第一小学")),
    sheet("period without a window", Said("PERIOD_NOT_IN_CALENDAR", None, "", "2016-01"), edit=marked("0000101 primary.monthly 2016-01 第一小学")),
    sheet("--period that is none", Said("BAD_PERIOD", None, "", "2026-W54", "monthly"), options=("--period", "2026-W54")),
    sheet("--period that is nobody's", Said("PERIOD_NOT_IN_CALENDAR", None, "", "2016-01"), options=("--period", "2016-01")),
    sheet("--period not yet open", Said("PERIOD_NOT_OPEN", None, "", FUTURE, "+08:00"), options=("--period", FUTURE)),
    sheet("--period closed", Said("PERIOD_CLOSED", None, "", CLOSED, "+08:00", severity="warning"), options=("--period", CLOSED)),
    sheet("--school of others", Said("UNKNOWN_SCHOOL", None, "", "0000200"), options=("--school", "0000200")),
    sheet("--school that closed", Said("SCHOOL_NOT_OPEN", None, "", OPEN, "2010-09-01/2020-07-31"), options=("--school", "0000101-X")),
    sheet("--school that is to come", Said("SCHOOL_NOT_OPEN", None, "", OPEN, "2099-09-01/.."), options=("--school", "0000101-N")),
]

# ---- the file ----------------------------------------------------------------------------------------------------------


def unreadable(name, what, hint, row=None, **how):
    return sheet(name, Said("SHEET_UNREADABLE", row, "", what, hint=hint), **how)


FILES = [
    unreadable("semicolons", "header", "semicolons", delimiter=";"),
    unreadable("bars", "header", "no_header", delimiter="|"),
    unreadable("no header", "header", "no_header", edit=lambda s: s.rows.pop(0)),
    unreadable("a letter", "header", "no_header", spoil=lambda _: "致教育局：本月在校学生 360 人。\n".encode()),
    unreadable("a web page", "header", "no_header", spoil=lambda _: b"<html><body><table><tr><td>360</td></tr></table></body></html>"),
    unreadable("an Excel workbook", "workbook", "workbook", spoil=lambda _: b"PK\x03\x04\x14\0\6\0\10\0\0\0!\0" + bytes(range(256)) * 4),
    unreadable("an old Excel workbook", "workbook", "workbook", spoil=lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512),
    unreadable("a quote that does not close", "quotes", "quotes", row=2, spoil=lambda b: b.replace(b",360,", b',"360,')),
    unreadable("text behind a closing quote", "quotes", "quotes", row=2, spoil=lambda b: b.replace(b",360,", b',"360"x,')),
    unreadable("bytes of no encoding", "encoding", "encoding", row=2, spoil=lambda b: b[3:].replace(b"360", b"\xff\xff\xff")),
    unreadable("bytes of no encoding behind a mark", "encoding", "encoding", row=2, spoil=lambda b: b.replace(b"360", b"\xff")),
    unreadable("two encodings mixed", "encoding", "encoding", row=2, spoil=lambda b: b.replace(b",360,", ",备注,".encode("gb18030"))),
    unreadable("UTF-16 cut in the middle", "encoding", "encoding", encoding="utf-16", spoil=lambda b: b[:-1]),
    unreadable("UTF-16 with half a pair", "encoding", "encoding", encoding="utf-16", spoil=lambda b: b + b"\x00\xd8"),
    unreadable("NUL in a cell", "encoding", "encoding", row=2, spoil=lambda b: b.replace(b"360", b"3\x0060")),
    unreadable("control character in a cell", "encoding", "encoding", row=2, spoil=lambda b: b.replace(b"360", b"3\x0160")),
    sheet("no bytes", Said("SHEET_EMPTY"), spoil=lambda _: b""),
    sheet("a mark and nothing else", Said("SHEET_EMPTY"), spoil=lambda _: b"\xef\xbb\xbf"),
    sheet("empty lines", Said("SHEET_EMPTY"), spoil=lambda _: b"\r\n\r\n,,,\r\n"),
    sheet("header alone", Said("SHEET_EMPTY"), edit=lambda s: s.rows.__delitem__(slice(1, None))),
    *(sheet(f"a fault in {name}", Said("CELL_NOT_A_NUMBER", "pupils", "value", "三百", "", "numerals"), edit=sets(("pupils", "value", "三百")), encoding=encoding,
            delimiter=delimiter, spoil=spoil)
      for name, encoding, delimiter, spoil in (
          ("UTF-8", "utf-8", ",", None), ("GB18030", "gb18030", ",", None), ("UTF-16 little-endian with tabs", "utf-16", "\t", None),
          ("UTF-16 big-endian with commas", "utf-16-be", ",", lambda b: b"\xfe\xff" + b), ("UTF-8 with tabs", "utf-8-sig", "\t", None),
          ("old Macintosh line ends", "utf-8-sig", ",", lambda b: b.replace(b"\r\n", b"\r")), ("Unix line ends", "utf-8-sig", ",", lambda b: b.replace(b"\r\n", b"\n")))),
]

ALL = [*TYPED, *ROWS, *COLUMNS, *MARKS, *FILES]

# ---- odd, and right all the same ----------------------------------------------------------------------------------------


def reordered(s):
    for n, row in enumerate(s.rows):
        s.rows[n] = list(reversed(row))


def quoted(data):
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


GOOD = [
    sheet("as the template has it"),
    sheet("columns in another order", edit=reordered),
    sheet("rows in another order", edit=lambda s: s.rows.__setitem__(slice(1, None), list(reversed(s.rows[1:])))),
    sheet("optional rows deleted", edit=lambda s: s.rows.__setitem__(slice(5, None), [])),
    sheet("short rows", edit=lambda s: [s.rows.append([]), s.rows.append(["", "本月无变动"])]),
    sheet("a plus sign", edit=sets(("pupils", "value", "+360"))),
    sheet("zeros behind the point", edit=sets(("pupils", "value", "360.000"), ("water", "value", "100.50"))),
    sheet("zeros before", edit=sets(("pupils", "value", "00360"))),
    sheet("blanks around", edit=sets(("pupils", "value", " \u3000360\u00a0"))),
    sheet("every cell quoted", spoil=quoted),
    sheet("English header", edit=lambda s: [s.rows[0].__setitem__(s.column[c], w) for c, w in
                                            (("code", "Indicator"), ("value", "VALUE"), ("denominator", "denominator"), ("reason", "Reason"), ("mark", "sheet id"))]),
    sheet("a column of the clerk's own", Said("COLUMN_UNKNOWN", 1, "", "去年同期", severity="warning"), edit=with_column("去年同期", "350")),
]
