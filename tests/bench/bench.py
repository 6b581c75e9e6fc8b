"""Everything but parts: see run, which builds and calls this."""

import argparse
import importlib
import signal
import sys

from measure import Others
from province import Province
from stage import Stage

NAMES = ["ceiling", "ingest", "storm", "naive", "connections", "corrections", "overload", "army", "sizes", "queries"]
CROWD = 40000  # schools that overload may need


def leave(number, frame):
    sys.exit(128 + number)


def main():
    signal.signal(signal.SIGTERM, leave)  # what was made is taken down all the same
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=3000000)
    parser.add_argument("--schools", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=256)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("names", nargs="*", choices=NAMES)
    options = parser.parse_args()
    stages = {}
    try:
        for name in options.names:
            kind = Province if name == "queries" else Stage
            if kind not in stages:
                stages[kind] = Province(options.keep) if kind is Province else Stage(max(20000, options.schools, CROWD if "overload" in options.names else 0))
            others = Others()
            report = importlib.import_module(name).bench(stages[kind], options)
            share = others.share()
            report.others = share
            if share > 0.1:
                report.note(f"Others took {share:.0%} of this machine's processors meanwhile: trust ratios, and those with doubt.")
            print(report.json() if options.json else report.table(), flush=True)
    finally:
        for stage in stages.values():
            stage.close()


if __name__ == "__main__":
    sys.exit(main())
