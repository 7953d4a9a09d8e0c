"""Kill the programs, fill their disks, break their files; count the faults.

    python tests/torture                            all, some 20 minutes
    python tests/torture --kills 20 --failures 50 --mutations 500
    python tests/torture --case infer --index 12 --fault EIO       one again
    python tests/torture --parser PNG --index 17                   one again

Everything goes by a seed. It ends with a table, and with status 1 if there
is any fault.
"""
import argparse
import itertools
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time

import batches
import cases
import farm
import helpers
import parsers
import tables
import verdicts

CHUNK = 50          # mutations of a fork
FAILURES = ('ENOSPC', 'EIO', 'EACCES')
INTERVAL = 60       # seconds between two lines on the progress


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        prog='python tests/torture', description='Let programs fail at every '
        'change of the disk, and read broken files.')
    count = {'type': int, 'metavar': 'N'}
    parser.add_argument('--kills', default=200, help='how many changes of '
                        'the disk kill (default: %(default)s)', **count)
    parser.add_argument('--failures', default=2000, help='how many fail '
                        '(default: %(default)s)', **count)
    parser.add_argument('--mutations', default=20000, help='how many broken '
                        'files are read (default: %(default)s)', **count)
    parser.add_argument('--only', default='', metavar='PATTERN',
                        help='cases and parsers whose names match')
    parser.add_argument('--processes', default=2, help='at work at a time '
                        '(default: %(default)s)', **count)
    parser.add_argument('--seed', default=0, help='another seed makes other '
                        'choices (default: %(default)s)', **count)
    parser.add_argument('--json', metavar='FILE', help='write all verdicts')
    parser.add_argument('--keep', default='out/torture', metavar='DIR',
                        help='where mutations with faults are written '
                        '(default: %(default)s)')
    one = parser.add_argument_group('one of them again, in full')
    one.add_argument('--case', choices=cases.BY_NAME)
    one.add_argument('--parser', choices=parsers.BY_NAME)
    one.add_argument('--index', default=0, **count)
    one.add_argument('--fault', choices=farm.FAULTS, default='KILL')
    return parser.parse_args(argv)


class Campaign:
    """The folders that programs and readers work on, and what is tried.

    Parameters
    ----------
    root : str
        An empty folder.
    seed : int
    """

    def __init__(self, root, seed):
        self.seed = seed
        self.root = root
        self.base, self.valid, self.memory = (
            os.path.join(root, name) for name in ('base', 'valid', 'memory'))
        os.mkdir(self.memory)
        cases.make_folder(self.base)
        parsers.make_files(self.base, self.valid)
        self.undisturbed = {}       # {name of a case: verdicts.Undisturbed}

    def work(self):
        """Return the path of the folder that this process works in."""
        folder = os.path.join(self.root, str(os.getpid()))
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, 'work')

    def run_undisturbed(self, name):
        """Return (name, Undisturbed) of a case."""
        return name, verdicts.run_undisturbed(
            cases.BY_NAME[name], self.base, self.work())

    def try_fault(self, name, index, fault):
        """Return the Verdicts of a fault, one."""
        return [verdicts.try_fault(
            cases.BY_NAME[name], self.base, self.work(), index, fault,
            self.undisturbed[name], self.memory)]

    def try_mutations(self, name, indices):
        """Return the Outcomes of some mutations."""
        return batches.run(parsers.BY_NAME[name], self.valid, self.work(),
                           self.seed, indices)

    def choose_faults(self, count, faults):
        """Return (name, index, fault): as many of each case, if it has them.
        """
        lists = []
        for name, (changes, *_) in sorted(self.undisturbed.items()):
            every = list(itertools.product([name], range(changes), faults))
            random.Random(f'{self.seed} {name} {faults}').shuffle(every)
            lists.append(every)
        in_turn = (one for turn in itertools.zip_longest(*lists)
                   for one in turn if one)
        return sorted(itertools.islice(in_turn, count))

    def choose_mutations(self, count, chosen):
        """Return (name, indices) of the mutations of some Parsers."""
        chosen = [parser for parser in chosen if os.path.exists(
            os.path.join(self.valid, parser.path))]
        total = sum(parser.share for parser in chosen)
        found = []
        for parser in chosen:
            number = max(1, round(count * parser.share / total))
            found += [(parser.name, range(start, min(start + CHUNK, number)))
                      for start in range(0, number, CHUNK)]
        return found


def call(job):
    """Call a method of the campaign in a process of the pool."""
    name, *arguments = job
    return getattr(CAMPAIGN, name)(*arguments)


CAMPAIGN = None     # as the processes of the pool know it, from before


def main(argv=None):
    global CAMPAIGN
    options = parse_options(argv)
    start = time.monotonic()
    farm.preload()
    helpers.data_dir()
    sys.path.insert(0, helpers.folder())
    root = tempfile.mkdtemp(prefix='fcn-torture-')
    try:
        CAMPAIGN = Campaign(root, options.seed)
        if options.case:
            return show_fault(CAMPAIGN, options)
        if options.parser:
            return show_mutation(CAMPAIGN, options)
        results = run(CAMPAIGN, options)
        keep(CAMPAIGN, results, options.keep)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if options.json:
        with open(options.json, 'w') as file:
            json.dump([dict(result._asdict()) for result in results], file,
                      indent=1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(tables.report(results, time.monotonic() - start,
                        used.ru_utime + used.ru_stime))
    return 1 if any(map(tables.is_fault, results)) else 0


def run(campaign, options):
    """Return all Verdicts and Outcomes."""
    pattern = re.compile(options.only)
    names = [case.name for case in cases.CASES if pattern.search(case.name)]
    if not options.kills + options.failures:
        names = []
    context = multiprocessing.get_context('fork')
    with context.Pool(options.processes) as pool:
        campaign.undisturbed.update(pool.imap_unordered(
            call, [('run_undisturbed', name) for name in names]))
    jobs = [('try_fault', *one) for one in (
        campaign.choose_faults(options.kills, ('KILL',))
        + campaign.choose_faults(options.failures, FAILURES))]
    jobs += [('try_mutations', *one) for one in campaign.choose_mutations(
        options.mutations, filter(lambda parser: pattern.search(parser.name),
                                  parsers.PARSERS))]
    results, last = [], time.monotonic()
    with context.Pool(options.processes) as pool:
        for k, found in enumerate(pool.imap_unordered(call, jobs), 1):
            results += found
            if time.monotonic() > last + INTERVAL:
                last = time.monotonic()
                print(f'[i] {k} of {len(jobs)} jobs, '
                      f'{sum(map(tables.is_fault, results))} faults',
                      flush=True)
    return results


def keep(campaign, results, folder):
    """Write the files of mutations with faults to a folder."""
    for result in results:
        if isinstance(result, batches.Outcome) and tables.is_fault(result):
            parser = parsers.BY_NAME[result.parser]
            with open(os.path.join(campaign.valid, parser.path), 'rb') as file:
                data = file.read()
            os.makedirs(folder, exist_ok=True)
            name = re.sub(r'\W+', '-', result.parser)
            with open(os.path.join(folder, f'{name}-{result.index}-'
                                   + os.path.basename(parser.path)),
                      'wb') as file:
                file.write(batches.mutate(parser, data, campaign.seed,
                                          result.index))


def show_fault(campaign, options):
    """Try one fault, and print all that is known of it."""
    case = cases.BY_NAME[options.case]
    campaign.undisturbed.update([campaign.run_undisturbed(case.name)])
    verdicts.fresh(campaign.base, campaign.work())
    ended = farm.run(case.main, case.arguments, campaign.work(),
                     options.index, options.fault)
    print(f'{ended.out}{ended.err}status {ended.status} after {ended.hit!r}')
    print('\n'.join(sorted(farm.snapshot(campaign.work()))))
    verdict, = campaign.try_fault(case.name, options.index, options.fault)
    print('\n'.join(verdict.complaints) or 'no fault')
    return 1 if verdict.complaints else 0


def show_mutation(campaign, options):
    """Try one mutation, and print what came of it."""
    outcome, = campaign.try_mutations(options.parser, [options.index])
    print(f'{outcome.kind}: {ascii(outcome.text)}')
    keep(campaign, [outcome], options.keep)
    return 1 if tables.is_fault(outcome) else 0
