"""Rows of measurements: what scripts/bench, scripts/bench-live and scripts/instructions write.

A file of rows is one JSON object: "measured" has for each part when and on which machine it was measured,
"rows" one object for each number:
    part, case, program, measure   which number it is; no two rows have the same four
    unit, better                   better is "less", "more" or "none": then it is told, and not judged
    median, least, greatest, runs  over so many runs
    exact                          true for what is the same each time, as a count of instructions is
"""

import json
import math
import os
import re
import statistics
import subprocess

KEY = ("part", "case", "program", "measure")


class Rows:
    """Rows of one or several parts, in the order in which they were added."""

    def __init__(self):
        self.rows = []
        self.measured = {}

    def add(self, key, unit, values, better=None, exact=False):
        """Adds a row; key is (part, case, program, measure), values are of the runs.

        Of our own programs less is better, unless it is said; others are not judged."""
        row = dict(zip(KEY, key))
        better = better or ("less" if is_own(row["program"]) else "none")
        row.update(unit=unit, better=better, median=rounded(statistics.median(values)),
                   least=rounded(min(values)), greatest=rounded(max(values)), runs=len(values))
        if exact:
            row["exact"] = True
        self.rows.append(row)

    def parts(self):
        return list(dict.fromkeys(row["part"] for row in self.rows))

    def of(self, **wanted):
        """The rows that have these values."""
        return [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]

    def one(self, **wanted):
        """The row that has these values, or None."""
        found = self.of(**wanted)
        return found[0] if found else None

    def merge(self, newer):
        """What was measured again takes the place of what was."""
        for part in newer.parts():
            self.rows = [row for row in self.rows if row["part"] != part]
        self.rows += newer.rows
        self.measured.update(newer.measured)

    def save(self, path):
        # One row a line, so that a difference can be read.
        lines = ",\n".join("  " + json.dumps(row) for row in self.rows)
        parts = ",\n".join(f"  {json.dumps(part)}: {json.dumps(where)}"
                           for part, where in self.measured.items())
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"measured": {\n' + parts + '\n},\n"rows": [\n' + lines + "\n]}\n")


def load(path):
    """Reads a file of rows; raises OSError or ValueError, which says what is wrong."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    rows = Rows()
    try:
        rows.measured = dict(found["measured"])
        for row in found["rows"]:
            numbers = [float(row[name]) for name in ("median", "least", "greatest", "runs")]
            if not all(math.isfinite(number) for number in numbers):
                raise ValueError("a number is not finite")
            if row["better"] not in ("less", "more", "none"):
                raise ValueError('"better" is neither "less" nor "more" nor "none"')
            rows.rows.append({**row, **{name: str(row[name]) for name in (*KEY, "unit")}})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not a file of rows: {error!r}") from error
    return rows


def is_own(program):
    """It is loflow, or a part of it; not what it is compared with."""
    return program.startswith("loflow") or program in ("without a report", "feed", "table only", "all")


def rounded(number):
    """Five digits: more is noise."""
    return float(f"{number:.5g}") if isinstance(number, float) else number


def figure(number):
    """For a reader: three digits, or all of a large number's."""
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return f"{number:,.0f}".replace(",", " ")
    return f"{number:.{max(0, 2 - math.floor(math.log10(abs(number))))}f}"


def count_words(number):
    """5000000 as '5 M', for names of cases."""
    for size, word in ((1000000, " M"), (1000, " k")):
        if number >= size:
            return f"{number / size:.3g}{word}"
    return str(number)


def cell(row, has_spread):
    if row is None:
        return ""
    text = figure(row["median"])
    if has_spread and row["runs"] > 1 and row["least"] != row["greatest"]:
        text += f" ({figure(row['least'])}–{figure(row['greatest'])})"
    return text


# Of which measures a table shows least and greatest too.
SPREAD = {"time", "CPU", "times the empty loop", "times the table", "CPU a packet", "CPU per M packets", "load",
          "of the load alone", "dropped"}


def tables(rows, part):
    """Markdown, which is good to read as it is too: a table of what each program of each case measured."""
    mine = rows.of(part=part)
    measures = list(dict.fromkeys(row["measure"] for row in mine))
    units = {row["measure"]: row["unit"] for row in mine}
    lines = [["", "", *(f"{measure} ({units[measure]})" if units[measure] else measure
                        for measure in measures)]]
    shown = None
    for case, program in dict.fromkeys((row["case"], row["program"]) for row in mine):
        cells = [cell(rows.one(part=part, case=case, program=program, measure=measure),
                      measure in SPREAD) for measure in measures]
        lines.append([case if case != shown else "", program, *cells])
        shown = case
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = []
    for number, line in enumerate(lines):
        text.append("| " + " | ".join(
            word.ljust(width) if i < 2 else word.rjust(width)
            for i, (word, width) in enumerate(zip(line, widths))) + " |")
        if number == 0:
            text.append("|" + "|".join("-" * (width + 2) if i < 2 else "-" * (width + 1) + ":"
                                       for i, width in enumerate(widths)) + "|")
    return "\n".join(text) + "\n"


def first_match(path, pattern, default):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), flags=re.M)
    except OSError:
        found = None
    return found.group(1) if found else default


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).split("\n")[0].strip()


def machine():
    """What the numbers depend on."""
    kib = first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)", "0")
    return {
        "processor": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$", os.uname().machine),
        "processors": len(os.sched_getaffinity(0)),
        "memory GiB": round(int(kib) / 1048576),
        "system": first_match("/etc/os-release", r'^PRETTY_NAME="(.*)"$', os.uname().sysname),
        "kernel": os.uname().release,
        "compiler": first_line(["cc", "--version"]),
        "libpcap": first_line(["pkg-config", "--modversion", "libpcap"]),
        "loflow": first_line(["git", "describe", "--always", "--dirty"]),
        "load before": round(os.getloadavg()[0], 1),
    }


def machine_text(rows):
    """One paragraph for each machine and day that parts were measured on."""
    paragraphs = {}
    for part, where in rows.measured.items():
        words = {name: value for name, value in where.items() if name not in ("load before", "loflow")}
        paragraphs.setdefault(json.dumps(words), []).append((part, where))
    text = []
    for members in paragraphs.values():
        where = members[0][1]
        loads = [member["load before"] for _, member in members]
        commits = list(dict.fromkeys(member["loflow"] for _, member in members))
        text.append(
            f"{', '.join(part for part, _ in members)}: measured {where['when']} on {where['system']}, "
            f"Linux {where['kernel']}, {where['processor']}, {where['processors']} processors, "
            f"{where['memory GiB']} GiB; {where['compiler']}, libpcap {where['libpcap']}, "
            f"loflow {', '.join(commits)}. Load before: {min(loads)} to {max(loads)}.\n")
    return "\n".join(text)


MARK = re.compile(r"(<!-- measured: (\S+) -->\n).*?(<!-- end -->)", flags=re.S)


def render(document, rows):
    """The document with its marked places renewed: a part's table, or `machine`."""
    def renew(found):
        name = found.group(2)
        body = machine_text(rows) if name == "machine" else tables(rows, name)
        if name != "machine" and not rows.of(part=name):
            body = "Not measured yet.\n"
        return found.group(1) + "\n" + body + "\n" + found.group(3)
    return MARK.sub(renew, document)
