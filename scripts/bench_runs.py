"""Runs programs in turn and says what each cost; what scripts/bench and scripts/bench-live share."""

import contextlib
import datetime
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple

import bench_rows

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Cost(NamedTuple):
    """What one run took."""
    wall_s: float
    user_s: float
    system_s: float
    peak_kib: int

    @property
    def cpu_s(self):
        return self.user_s + self.system_s

    @property
    def peak_mib(self):
        return self.peak_kib / 1024


class Failed(Exception):
    """A program that was to be measured did not do its work."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def stop(program, text, status=1):
    say(f"{program}: {text}")
    sys.exit(status)


class Tools:
    """The programs of a build folder, and a folder that is gone afterwards."""

    def __init__(self, build, scratch):
        self.loflow = os.path.join(build, "loflow")
        self.build = build
        self.scratch = scratch

    def path(self, name):
        return os.path.join(self.build, "bench", name)

    def file(self, name):
        return os.path.join(self.scratch, name)

    def generate(self, packets, flows, *kind):
        """A capture of tests/bench/generate.c; its path."""
        words = [str(word) for word in (packets, flows, *kind)]
        path = self.file("-".join(words) + ".pcap")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                subprocess.run([self.path("generate"), *words], stdout=file, check=True)
                os.fsync(file.fileno())  # or it is written while others are timed
        return path

    def cost(self, command, output=os.devnull):
        """Runs the command and returns what it cost; Failed with its last words when it fails."""
        place = self.file("cost")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        with open(output, "wb") as sink:
            done = subprocess.run([self.path("measure"), place, *command], stdin=subprocess.DEVNULL,
                                  stdout=sink, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            words = done.stderr.decode(errors="replace").strip().split("\n")[-1]
            raise Failed(f"{os.path.basename(command[0])}: status {done.returncode}: {words}")
        return self.last_cost(place)

    @staticmethod
    def last_cost(place):
        with open(place, encoding="ascii") as file:
            wall, user, system, peak = file.read().split("\n")[-2].split()
        return Cost(float(wall), float(user), float(system), int(peak))

    def rounds(self, runs, programs, peers=()):
        """Each program once to warm up, then `runs` times in turn: lists of Cost by name.

        A peer that fails is named and left out."""
        costs = {name: [] for name in programs}
        for number in range(runs + 1):
            for name in list(costs):
                try:
                    cost = programs[name](self)
                except Failed as error:
                    if name not in peers:
                        raise
                    say(f"left out: {error}")
                    del costs[name]
                    continue
                if number > 0:
                    costs[name].append(cost)
        return costs


@contextlib.contextmanager
def tools(build):
    """Builds what users get, unless a build folder is given; the scratch lives in $TMPDIR or /tmp."""
    os.chdir(TOP)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if build is None:
        build = os.path.join(TOP, "build/release")
        try:
            for command in (["scripts/deps"], ["cmake", "--preset", "release"],
                            ["cmake", "--build", "--preset", "release",
                             "--target", "loflow", "bench"]):
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            stop("bench", f"there is nothing to measure: {error}")
    for program in ("loflow", "bench/measure"):
        if not os.access(os.path.join(build, program), os.X_OK):
            stop("bench", f"{build} has no {program}; build the targets loflow and bench there", 2)
    scratch = tempfile.mkdtemp(prefix="loflow-bench.")
    try:
        yield Tools(build, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def options(parser, parts):
    """What all that measure take."""
    parser.add_argument("--part", action="append", choices=parts, metavar="PART",
                        help="only this part, again for more: " + ", ".join(parts))
    parser.add_argument("--runs", type=positive, default=5, metavar="N",
                        help="timed runs of each program, in turn (default 5)")
    parser.add_argument("--rows", metavar="FILE", help="write the rows to FILE, for bench-compare")
    parser.add_argument("--write", metavar="DOCUMENT",
                        help="renew the marked tables of DOCUMENT (docs/performance.md), and the rows and "
                             "the plot beside it")
    parser.add_argument("--build", metavar="FOLDER", help="measure this build instead of making one")


def positive(word):
    value = int(word)
    if value <= 0:
        raise ValueError(word)
    return value


def parse(parser, words):
    """The arguments, with paths that stay right wherever this goes."""
    args = parser.parse_args(words)
    for name in ("build", "capture", "rows", "write"):
        if getattr(args, name, None):
            setattr(args, name, os.path.abspath(getattr(args, name)))
    return args


def measure_parts(parts, wanted, context):
    """Runs the parts that are wanted; each is a function that adds its rows. Shows each when it is done."""
    rows = bench_rows.Rows()
    for name, measure in parts.items():
        if wanted and name not in wanted:
            continue
        where = {"when": datetime.date.today().isoformat(), **bench_rows.machine()}
        say(f"{name} ...")
        measure(rows, context)
        if rows.of(part=name):
            rows.measured[name] = where
            print(f"\n{name}\n\n{bench_rows.tables(rows, name)}", flush=True)
    return rows


def publish(rows, args):
    """Does what --rows and --write ask for."""
    if args.rows:
        rows.save(args.rows)
    if args.write:
        write_document(rows, args.write)


def write_document(rows, document):
    stem = os.path.splitext(document)[0]
    both = bench_rows.Rows()
    if os.path.exists(stem + ".json"):
        both = bench_rows.load(stem + ".json")
    both.merge(rows)
    both.save(stem + ".json")
    with open(document, encoding="utf-8") as file:
        text = file.read()
    with open(document, "w", encoding="utf-8") as file:
        file.write(bench_rows.render(text, both))
    with open(stem + ".svg", "wb") as file:
        subprocess.run([os.path.join(TOP, "scripts/bench-plot"), stem + ".json"], stdout=file, check=True)
