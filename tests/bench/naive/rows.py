"""A row at a time, a commit a row, as a first script does it.

    rows.py CONNINFO PERIOD PAPERS SCHOOLS REPORTS     PAPERS: the program that knows the figures
"""

import json
import subprocess
import sys
import time

import psycopg2

SQL = """INSERT INTO yuebao.figure (district, period, school, indicator, form, value, denominator) VALUES (%s, %s, %s, %s, 1, %s, %s)
         ON CONFLICT (district, period, school, indicator) DO UPDATE SET value = excluded.value, denominator = excluded.denominator"""


def main():
    conninfo, period, papers, schools, reports = sys.argv[1:]
    lines = subprocess.run([papers, "bodies", schools, "0", reports], check=True, capture_output=True, text=True).stdout.splitlines()
    bodies = [json.loads(line) for line in lines]
    link = psycopg2.connect(conninfo)
    link.autocommit = True
    cursor = link.cursor()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    for body in bodies:
        for f in body["figures"]:
            cursor.execute(SQL, (body["district"], period, body["school"], f["indicator"], f["value"], f["denominator"]))
    print(json.dumps({"reports": len(bodies), "seconds": time.monotonic() - began}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
