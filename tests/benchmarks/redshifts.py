"""How time and memory of the report's figures of redshifts grow with a run's records.

Made-up files of 5,113 records (100 MiB of images each) are gathered and shown as a report does, without S3: a hundred,
then ten times and a hundred times as many. The last is the 51 million records of 1 TB. Printed are seconds, the peak of
resident memory above that of the start, and the ratio of both to the size before. Each runs in a process of its own.

    $ python tests/benchmarks/redshifts.py [--repeat 3]
"""

import argparse
import multiprocessing
import resource
import statistics
import time

import numpy as np

RECORDS = 5113
FILES = (100, 1000, 10_000)


def files(count):
    """Yield the arrays of *count* ranks: true and predicted redshifts, and magnitudes."""
    for rank in range(count):
        random = np.random.default_rng(rank)
        true = random.uniform(0, 0.5, RECORDS).astype(np.float32)
        predicted = (true + random.normal(0, 0.02, RECORDS)).astype(np.float32)
        yield true, predicted, random.uniform(14, 20, RECORDS).astype(np.float32)


def measure(count, answers):
    """Put the seconds of gathering, of showing, and the megabytes above the start into *answers*."""
    from shared.measure.reports.plots_style import as_svg
    from shared.measure.reports.redshift_sample import gather
    from shared.measure.reports.redshifts import show_redshifts

    for plot in show_redshifts(gather(files(2))).plots:
        as_svg(plot.figure)  # fonts and the like are loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    found = gather(files(count))
    gathered = time.perf_counter()
    for plot in show_redshifts(found).plots:
        as_svg(plot.figure)
    shown = time.perf_counter()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    answers.put((gathered - begun, shown - gathered, grown))


def main():
    """Measure each size and print a row of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    context = multiprocessing.get_context("spawn")
    before = None
    print(f"{'records':>12} {'gather (s)':>22} {'figures, plots (s)':>22} {'MB':>18}  x time  x memory")
    for count in FILES:
        rows = []
        for _ in range(repeat):
            answers = context.Queue()
            process = context.Process(target=measure, args=(count, answers))
            process.start()
            rows.append(answers.get())
            process.join()
        columns = list(zip(*rows, strict=True))
        medians = [statistics.median(column) for column in columns]
        told = [f"{middle:.1f} ({min(c):.1f}..{max(c):.1f})" for middle, c in zip(medians, columns, strict=True)]
        now = (medians[0] + medians[1], medians[2])
        ratios = "" if before is None else f"{now[0] / before[0]:7.1f} {now[1] / before[1]:9.1f}"
        print(f"{count * RECORDS:>12,} {told[0]:>22} {told[1]:>22} {told[2]:>18} {ratios}")
        before = now


if __name__ == "__main__":
    main()
