"""Rounds, medians, ratios: how a benchmark counts, and how it is told to people and to programs."""

import json
import os
import statistics
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")

# ---- processor time --------------------------------------------------------------------------------------------


def processes():
    """pid -> (parent, seconds of itself and of its children that are gone)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    return found


def cpu(pid, table=None):
    """Seconds of processor time of a process and all below it, those included that are gone."""
    table = table or processes()
    return table.get(pid, (0, 0))[1] + sum(cpu(child, table) for child, (parent, _) in table.items() if parent == pid)


class Others:
    """How much of the machine others take while something is measured."""

    def __init__(self):
        self.began, self.busy, self.own = time.monotonic(), busy(), cpu(os.getpid())

    def share(self):
        """From 0 to 1, of all processors, since this was made."""
        took = busy() - self.busy - (cpu(os.getpid()) - self.own)
        return max(0.0, took / (time.monotonic() - self.began) / os.cpu_count())


def busy():
    """Seconds that the processors were not idle."""
    user, nice, system, idle, wait, *rest = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICK


# ---- a measured program ----------------------------------------------------------------------------------------


class Gun:
    """A program that gets ready, waits for a line, and ends with one line of JSON (gun.h)."""

    def __init__(self, program, *args, ready=True):
        self.process = subprocess.Popen([str(program), *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if ready:
            self.expect("ready")

    def expect(self, word=None):
        line = self.process.stdout.readline().strip()
        if not line or (word and line != word):
            raise SystemExit(f"bench: {self.process.args[0]}: status {self.process.wait()}, {word or 'a line'} was expected, not {line!r}")
        return line

    def fire(self, **watched):
        """Run it; its result with the seconds of processor time that each of the watched took, and its own."""
        watched = watched | {"load": self.process.pid}
        before = processes()
        begun = {name: cpu(pid, before) for name, pid in watched.items()}
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        result = json.loads(self.expect())
        after = processes()
        for name, pid in watched.items():
            result["cpu_" + name] = cpu(pid, after) - begun[name]
        self.end()
        return result

    def end(self):
        self.process.stdin.close()
        status = self.process.wait()
        if status != 0:
            raise SystemExit(f"bench: {self.process.args[0]}: status {status}")


def figures_of(result, what="reports"):
    """What a run's result means: a rate, processor seconds a thousand, milliseconds."""
    figures = {f"{what}_s": result[what] / result["seconds"]}
    for key, value in result.items():
        if key.startswith("cpu_"):
            figures[f"{key}_s_per_1000"] = value * 1000 / result[what]
    for key in ("p50", "p99", "slowest"):
        if key in result:
            figures[f"{key}_ms"] = result[key] * 1000
    for key in ("busy", "lost_connections"):
        if key in result:
            figures[key] = result[key]
    return figures


# ---- rounds ----------------------------------------------------------------------------------------------------


class Rounds:
    """What was measured, by name, a figure a round; ratios are taken in each round, and then the median."""

    def __init__(self):
        self.measured = {}

    def add(self, name, figures):
        for key, value in figures.items():
            self.measured.setdefault(name, {}).setdefault(key, []).append(value)

    def medians(self):
        return {name: {key: statistics.median(values) for key, values in figures.items()} for name, figures in self.measured.items()}

    def ratio(self, name, base, key, base_key=None):
        over, under = self.measured[name][key], self.measured[base][base_key or key]
        return statistics.median(a / b if b else float("nan") for a, b in zip(over, under))

    def spread(self, name, base, key, base_key=None):
        """Lowest and highest of the rounds' ratios."""
        each = [a / b if b else float("nan") for a, b in zip(self.measured[name][key], self.measured[base][base_key or key])]
        return min(each), max(each)


class Report:
    """One benchmark's outcome: a table of medians, then what they say, with the goal where there is one."""

    def __init__(self, bench, rounds, count, what):
        self.bench, self.rounds, self.count, self.what = bench, rounds, count, what
        self.says, self.notes = [], []
        self.others = 0.0  # share of the processors that others took

    def ratio(self, key, text, name, base, figure, base_figure=None, goal=None):
        low, high = self.rounds.spread(name, base, figure, base_figure)
        self.say(key, text, self.rounds.ratio(name, base, figure, base_figure), goal, f"{low:.2f} to {high:.2f}")

    def say(self, key, text, value, goal=None, remark=None):
        self.says.append((key, text, value, goal, remark))

    def note(self, text):
        self.notes.append(text)

    def json(self):
        return json.dumps({"bench": self.bench, "rounds": self.count, "others": round(self.others, 2),
                           "measured": rounded(self.rounds.medians()),
                           "says": {key: float(f"{value:.4g}") for key, _, value, _, _ in self.says}, "notes": self.notes},
                          ensure_ascii=False)

    def table(self):
        medians = self.rounds.medians()
        columns = list(dict.fromkeys(key for figures in medians.values() for key in figures if key not in ("busy", "lost_connections")))
        lines = [f"{self.bench}: {self.what}; median of {self.count} rounds"]
        width = max(len(name) for name in medians)
        heads = [column.replace("_per_1000", "/1000").replace("cpu_", "").replace("_", " ") for column in columns]
        lines.append(" " * (width + 2) + "  ".join(f"{head:>{max(9, len(head))}}" for head in heads))
        for name, figures in medians.items():
            cells = [f"{number(figures.get(column)):>{max(9, len(head))}}" for column, head in zip(columns, heads)]
            lines.append(f"{name:<{width}}  " + "  ".join(cells))
        lines.append("")
        for _, text, value, goal, remark in self.says:
            lines.append(f"  {number(value):>8}  {text}" + (f" (goal {goal})" if goal else "") + (f"  [{remark}]" if remark else ""))
        return "\n".join(lines + [f"  {note}" for note in self.notes]) + "\n"


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rounded(tree):
    return {key: rounded(value) if isinstance(value, dict) else float(f"{value:.4g}") for key, value in tree.items()}
