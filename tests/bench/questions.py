"""The documented questions (questions.sql): parsed once, for the bench and for the test of their plans."""

import re
from dataclasses import dataclass
from pathlib import Path

HEAD = re.compile(r"^-- (?P<name>[^\[\n]+) \[(?P<scope>\w+)\](?: × (?P<times>\d+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    name: str
    scope: str  # totals, county, schools, province
    dashboard: int  # how many times on a province's dashboard
    sql: str


def questions():
    text = (Path(__file__).resolve().parent / "questions.sql").read_text(encoding="utf-8")
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [Question(head["name"], head["scope"], int(head["times"] or 0), text[head.end():end].strip()) for head, end in zip(heads, ends)]
