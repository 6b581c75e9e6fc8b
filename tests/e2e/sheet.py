"""A clerk at a spreadsheet: opens the template, types figures, saves in whatever encoding the program is set to."""

import csv
import io

COLUMNS = {  # what the clerk looks for in the header
    "code": ("指标代码", "indicator"), "value": ("数值（分子）", "value"), "denominator": ("分母", "denominator"),
    "reason": ("缺报原因", "missing because"), "explanation": ("说明", "explanation"),
    "mark": ("报表标识", "sheet id"), "name": ("指标名称", "name"),
    "required": ("是否必填", "required"), "last": ("上期数据", "last period"),
}


def decimal(scaled, decimals):
    """342 with 1 decimal is 34.2."""
    digits = f"{abs(scaled):0{decimals + 1}d}"
    sign = "-" if scaled < 0 else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


class Sheet:
    def __init__(self, path):
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf"), "a mark, so that Excel reads UTF-8"
        self.rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        self.column = {key: next(n for n, cell in enumerate(self.rows[0]) if cell in words) for key, words in COLUMNS.items()}
        self.line = {row[self.column["code"]]: n + 1 for n, row in enumerate(self.rows) if n}

    def header(self, column):
        return self.rows[0][self.column[column]]

    def cell(self, code, column):
        return self.rows[self.line[code] - 1][self.column[column]]

    def set(self, code, column, text):
        self.rows[self.line[code] - 1][self.column[column]] = text
        return self.line[code]

    def fill(self, catalogue, figures):
        for number, figure in figures.items():
            indicator = catalogue.indicators[number]
            value, denominator = figure if isinstance(figure, tuple) else (figure, None)
            self.set(indicator.code, "value", decimal(value, indicator.decimals))
            if denominator is not None:
                self.set(indicator.code, "denominator", decimal(denominator, indicator.denominator_decimals))
        return self

    def save(self, path, encoding="utf-8-sig", delimiter=","):
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(self.rows)
        path.write_bytes(text.getvalue().encode(encoding))
        return path
