"""The plan of every documented question (tests/bench/questions.sql): an index or the totals, never a table of reports or figures read through.

The planner is told to avoid sequential scans at any price, so that one is left only where no index could help; and an index that is read without a
condition is one in disguise. Statements within functions are looked at too."""

import json
import re
import sys

import psycopg2
import pytest

from house import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))
from questions import questions  # noqa: E402

LARGE = re.compile(r"^(report|figure|figure_history|remark)(_\d{4}_\d{2})?$|^(total_folded|total_above|owed)$")
VALUES = {"county": 220203, "prefecture": 220200, "province": 220000, "period": "2025-12", "closed": "2025-12", "first_day": "2025-12-01", "year": 2025,
          "indicator": "enrolled_pupils", "school": "0220203001", "plan": "longtan-145", "province_plan": "jilin-2016"}


class Notices(list):
    """psycopg2 keeps the last fifty otherwise."""

    def plans(self):
        for notice in self:
            found = re.search(r"plan:\s*(\{.*\})\s*$", notice, re.DOTALL)
            if found:
                yield json.loads(found[1])


@pytest.fixture(scope="module")
def link(template):
    link = psycopg2.connect(template.conninfo())
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("""LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
                          SET auto_explain.log_format = json; SET client_min_messages = log; SET enable_seqscan = off""")
    yield link
    link.close()


def nodes(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def read_through(plan):
    """Large tables that a node reads without having been told where."""
    for node in nodes(plan):
        if LARGE.match(node.get("Relation Name", "")):
            if node["Node Type"] == "Seq Scan" or node["Node Type"].startswith("Index") and "Index Cond" not in node:
                yield node["Node Type"], node["Relation Name"], node.get("Filter")


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_a_documented_question_goes_by_an_index_or_the_totals(link, question):
    link.notices = notices = Notices()
    with link.cursor() as cursor:
        cursor.execute(question.sql, VALUES)
        cursor.fetchall()
    plans = list(notices.plans())
    assert plans
    assert [found for told in plans for found in read_through(told["Plan"])] == []


def test_no_question_is_compiled(link):
    """Plans over all months' partitions look dear to PostgreSQL, which then compiles them for half a second."""
    with link.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


def test_a_table_that_is_read_through_is_seen(link):
    link.notices = notices = Notices()
    with link.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM yuebao.total_folded WHERE schools > 5")
    assert [found for told in notices.plans() for found in read_through(told["Plan"])]


def test_a_list_does_not_read_the_ledger_beside_it(link):
    """Whether a revision was replaced is looked up by its key; a hashed subplan would read every report there is, whatever is asked."""
    with link.cursor() as cursor:
        cursor.execute("EXPLAIN (VERBOSE) SELECT * FROM api.report")
        plan = "\n".join(line for line, in cursor.fetchall())
    assert "SubPlan" in plan and "hashed SubPlan" not in plan
