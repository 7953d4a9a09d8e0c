"""Check a data source before training: every file and every label row.

    python check_source.py --data-source camvid --data-dir camvid \\
        --output-dir out/check --ceiling --json out/check.json

It looks at each value of each label file, at each label row that training
would get, and for pictures that stand twice; tells class shares and weights;
and draws samples with their classes laid over. The status is 0 where the
data is sound, 1 where it has faults.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import time

import cv2
import numpy as np

import audit
import gallery
import metrics
import pixels
import report
import source
import utils

SPLITS = ('train', 'valid')
PICTURES, THUMBNAILS = 10, 24       # of each split: large, in the sheet
WRITTEN = 'check_source.txt'        # names of the pictures that are ours
# Samples with these faults are kept from the generators, which stop at them.
BROKEN = {'file', 'size', 'unknown'}

# A sample that a generator gave: its label rows counted, (C,)
Row = collections.namedtuple('Row', 'image_path label_path counts pixels')


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Check a data source: its files, its label rows, its '
                    'colours.')
    utils.add_source_options(parser)
    parser.add_argument('--output-dir', required=True, metavar='DIR',
                        help='folder for the pictures; made if missing')
    parser.add_argument('--ceiling', action='store_true',
                        help='work out the mIoU that a perfect network could '
                             'reach at the image size, on validation')
    parser.add_argument('--json', metavar='FILE',
                        help='write the report as JSON, too')
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    data = utils.load_source(options)
    check = Check(data, options.ceiling)
    if options.json and not os.path.isdir(
            os.path.dirname(os.path.abspath(options.json))):
        raise FileNotFoundError('{}: no such folder'.format(
            os.path.dirname(options.json)))
    os.makedirs(options.output_dir, exist_ok=True)
    print('[i] {} in {}: {} training and {} validation samples, {} classes, '
          'image_size {}x{}'.format(
              options.data_source, options.data_dir, data.num_training,
              data.num_validation, data.num_classes, *data.image_size),
          flush=True)
    check.run()
    result = report.collect(check)
    report.show(result)
    result['pictures'] = write_pictures(check, options.output_dir)
    print('[i] {} pictures in {}'.format(len(result['pictures']),
                                         options.output_dir))
    if options.json:
        utils.refuse_overwrite(options.json, check.inputs())
        utils.write_json(options.json, utils.without_nan(result))
    return report.conclude(check.faults)


class Check:
    """All that is found out about a source; `faults` are (kind, text)."""

    def __init__(self, data, ceiling):
        self.data = data
        self.names = utils.class_names(data)
        self.ignore = bool(getattr(data, 'ignore', False))
        self.size = tuple(data.image_size) if ceiling else None
        self.own = isinstance(data, source.DataSource)
        self.faults = []
        self.findings = {split: [] for split in SPLITS}
        self.rows = {split: [] for split in SPLITS}
        self.samples = {split: {} for split in SPLITS}      # as they came
        self.seconds = self.row_seconds = 0

    def run(self):
        """Look at the files and at the rows of both splits."""
        start = time.time()
        self.check_contract()
        for split in SPLITS:
            if self.own:
                self.check_files(self.data, split, self.data.splits[split])
                # The generators stop at a broken file: the others go on.
                self.data.splits[split] = [
                    (finding.image_path, finding.label_path)
                    for finding in self.findings[split]
                    if not BROKEN & {kind for kind, _ in finding.faults}]
            self.check_generator(split)
            if not self.own and not self.faults_of('contract'):
                self.check_files(audit.Contract(self.data, self.names), split,
                                 self.label_images(split))
        self.check_duplicates()
        self.seconds = time.time() - start
