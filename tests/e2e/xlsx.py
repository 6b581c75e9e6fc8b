"""A workbook read without any library for it: zip and XML."""

import re
import zipfile
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CORE = {"dc": "http://purl.org/dc/elements/1.1/"}


def column(name):
    number = 0
    for letter in re.match("[A-Z]+", name).group():
        number = number * 26 + ord(letter) - 64
    return number - 1


class Workbook:
    def __init__(self, path):
        with zipfile.ZipFile(path) as book:
            assert book.testzip() is None
            parts = {name: book.read(name) for name in book.namelist()}
        core = ElementTree.fromstring(parts["docProps/core.xml"])
        self.title, self.subject = (core.findtext(f"dc:{name}", namespaces=CORE) for name in ("title", "subject"))
        self.names = [s.get("name") for s in ElementTree.fromstring(parts["xl/workbook.xml"]).iter(MAIN + "sheet")]
        shared = parts.get("xl/sharedStrings.xml")
        self._shared = ["".join(s.itertext()) for s in ElementTree.fromstring(shared)] if shared else []
        self.trees = [ElementTree.fromstring(parts[f"xl/worksheets/sheet{n + 1}.xml"]) for n in range(len(self.names))]

    def rows(self, sheet=0):
        """Lists of None, bool, str, or float; all as long as the first."""
        rows = []
        for row in self.trees[sheet].iter(MAIN + "row"):
            cells = [None] * (len(rows[0]) if rows else len(row))
            for cell in row:
                assert cell.find(MAIN + "f") is None, "a formula"
                cells[column(cell.get("r"))] = self._value(cell)
            rows.append(cells)
        return rows

    def _value(self, cell):
        kind, value = cell.get("t", "n"), cell.findtext(MAIN + "v")
        if kind == "inlineStr":
            return "".join(t.text or "" for t in cell.iter(MAIN + "t"))
        if kind == "s":
            return self._shared[int(value)]
        if kind == "b":
            return value == "1"
        return None if value is None else float(value)

    def widths(self, sheet=0):
        return [float(c.get("width")) for c in self.trees[sheet].iter(MAIN + "col")]

    def is_frozen(self, sheet=0):
        pane = next(self.trees[sheet].iter(MAIN + "pane"), None)
        return pane is not None and pane.get("ySplit") == "1" and pane.get("state") == "frozen"


def same(workbook_cell, csv_text):
    """Whether a cell of a workbook says what a cell of CSV says."""
    if workbook_cell is None:
        return csv_text == ""
    if isinstance(workbook_cell, bool):
        return csv_text == "ft"[workbook_cell]
    if isinstance(workbook_cell, float):
        return csv_text != "" and float(csv_text) == workbook_cell
    return csv_text == workbook_cell or csv_text == "'" + workbook_cell
