"""Kill -9 each of two processes that train, at random moments, and resume.

    python tests/torture/deaths.py --moments 20 --seed 0

All have to end in time and with one line that names the dead one. What the
last checkpoint has is whole, and the run, which is resumed after each death,
has the losses of one that nobody has disturbed.
"""
import argparse
import os
import random
import sys
import tempfile
import time
from typing import List, NamedTuple

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[1:1] = [TESTS, os.path.dirname(TESTS)]
import cluster_runs  # noqa: E402
import saved_runs  # noqa: E402

from segmentation.tf1 import tf  # noqa: E402

ARGUMENTS = ('--processes', '2', '--batch-size', '3', '--class-weights',
             'median', '--augment', '--learning-rate', '2e-4')


class Death(NamedTuple):
    """What came of killing one process."""

    rank: int
    moment: float           # seconds after the start
    epoch: int              # of the last checkpoint
    complaints: List[str]   # none where all is as it should be


class Run:
    """A run that is begun, killed and resumed until it is complete.

    Parameters
    ----------
    wanted : list of dict
        The log of an undisturbed run.
    """

    def __init__(self, wanted):
        self.wanted = wanted
        self.number = 0     # of runs that are complete

    @property
    def name(self):
        """Return the directory of the run."""
        return f'run-{self.number}'

    def start(self):
        """Begin the run or, if there is a checkpoint, resume it."""
        arguments = ('--resume',) if os.path.exists(os.path.join(
            self.name, 'state.json')) else ARGUMENTS + (
                '--epochs', str(len(self.wanted)))
        return cluster_runs.start(self.name, *arguments)

    def die(self, rank, moment):
        """Kill a process so many seconds after the start.

        Returns
        -------
        Death or None
            None where the run had ended before: it was compared, and another
            one is next.
        """
        process = self.start()
        while (len(cluster_runs.children(process)) < 2
               and process.poll() is None):
            time.sleep(.01)
        end = time.monotonic() + moment
        while time.monotonic() < end and process.poll() is None:
            time.sleep(.01)
        if len(cluster_runs.children(process)) == 2:
            status, complaints = cluster_runs.kill_one(process, rank)
            if status:
                complaints += cluster_runs.broken_checkpoints(self.name)
                return Death(rank, moment, cluster_runs.epochs_done(self.name),
                             complaints)
        self.compare(process)
        return None

    def compare(self, process):
        """Wait for the end of a run, and compare it with the undisturbed."""
        assert process.wait() == 0
        cluster_runs.assert_equal(self.wanted,
                                  saved_runs.read_log(self.name))
        self.number += 1


def deaths(moments, seed, epochs):
    """Yield the Death of each process at so many moments, and resume.

    AssertionError is raised where the losses of a run differ in the end.
    """
    cluster_runs.make_folder('.')
    begun = time.monotonic()
    wanted = cluster_runs.train('undisturbed', *ARGUMENTS, '--epochs',
                                str(epochs))
    longest = time.monotonic() - begun
    generator = random.Random(seed)
    run = Run(wanted)
    for number in range(2 * moments):
        death = None
        while death is None:
            death = run.die(number % 2, generator.uniform(0, longest))
        yield death
    run.compare(run.start())


def main(argv=None):
    parser = argparse.ArgumentParser(
        description='Kill processes that train together, and resume.')
    parser.add_argument('--moments', type=int, default=20, metavar='N',
                        help='deaths of each process (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--epochs', type=int, default=60, metavar='N',
                        help='of each run (default: %(default)s)')
    options = parser.parse_args(argv)
    print(f'[i] TensorFlow {tf.version.VERSION}', flush=True)
    faults = 0
    with tempfile.TemporaryDirectory(prefix='fcn-deaths-') as folder:
        os.chdir(folder)
        for death in deaths(options.moments, options.seed, options.epochs):
            faults += bool(death.complaints)
            print(f'[i] process {death.rank} killed after {death.moment:.1f} '
                  f's, {death.epoch} epochs saved: '
                  + ('; '.join(death.complaints) or 'as it should be'),
                  flush=True)
        os.chdir(TESTS)
    print(f'[i] {2 * options.moments} deaths, {faults} faults; the losses '
          'are those of an undisturbed run')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
