"""The demo: half a century of CO2 over Mauna Loa, gaps and all, forecast by the commands that anyone would type.

`make demo` runs it. The data come with statsmodels (public domain; Keeling & Whorf, 2004). It writes demo/co2.csv,
demo/model/, demo/forecast.csv and demo/forecast.png.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from statsmodels.datasets import co2

COMMANDS = """
gatework fit demo/co2.csv --h 52 --time week --target co2 --overwrite -o demo/model/
gatework predict demo/model/ -o demo/forecast.csv --plot demo/forecast.png
"""


def main() -> None:
    """Write the data, then type the commands."""
    Path("demo").mkdir(exist_ok=True)
    record = co2.load().data
    record.to_csv("demo/co2.csv", index_label="week")
    missing = int(record["co2"].isna().sum())
    print(f"demo/co2.csv: CO2 over Mauna Loa in ppm, {len(record):,} weeks, {missing} of them without a value.")
    for command in COMMANDS.strip().splitlines():
        print(f"\n$ {command}", flush=True)
        # As a module of this Python, so that the demo runs in an environment that is not activated too.
        subprocess.run([sys.executable, "-m", "gatework.cli", *shlex.split(command)[1:]], check=True)


if __name__ == "__main__":
    main()
