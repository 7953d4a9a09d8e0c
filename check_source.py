"""Check a data source before training: every file and every label row.

    python check_source.py --data-source camvid --data-dir camvid \\
        --output-dir out/check --ceiling --json out/check.json

It looks at each value of each label file, at each label row that training
would get, and for pictures that stand twice; tells class shares and weights;
and draws samples with their classes laid over. The status is 0 where the
data is sound, 1 where it has faults.

    python check_source.py --data-source folder --data-dir DIR \\
        --write-classes DIR/classes.csv

drafts the class table of a folder from the labels in DIR/labels, and does
nothing else: give the classes their names, then check.
"""
import argparse
import collections
import os
import re
import time

import utils
from segmentation import files
from segmentation.checking import audit, class_draft, findings, gallery, survey
from segmentation.data import contract, loading

PICTURES, THUMBNAILS = 10, 24   # samples of each split: large, in the sheet
SHEET = 'sheet_{}.png'
SAMPLE = '{}_{:02d}_{}.png'
OURS = re.compile(r'(sheet|\w+_\d\d)_[\w.-]+\.png')
RECORD = 'check_source.txt'     # lists the pictures that we wrote
TITLE = 'Pictures of check_source.py; its next run may replace them:'


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Check a data source: files, label rows, colours.')
    utils.add_source_options(parser)
    parser.add_argument('--output-dir', metavar='DIR',
                        help='folder for the pictures; made where it is not')
    parser.add_argument('--ceiling', action='store_true',
                        help='work out the mIoU that a perfect network could '
                             'reach on validation at the image size')
    parser.add_argument('--json', metavar='FILE',
                        help='write what was found as JSON, too')
    parser.add_argument('--write-classes', metavar='FILE.csv',
                        help='draft the class table of a folder from the '
                             'values in its labels, and check nothing')
    options = parser.parse_args(argv)
    if options.write_classes and options.data_source != 'folder':
        parser.error('--write-classes goes with --data-source folder')
    if not options.output_dir and not options.write_classes:
        parser.error('the following arguments are required: --output-dir')
    return options


def main(argv=None):
    options = parse_options(argv)
    if options.write_classes:
        return write_classes(options)
    data = loading.load_source(options)
    for folder in (options.output_dir, os.path.dirname(options.json or '')):
        os.makedirs(folder or '.', exist_ok=True)
    ours = read_record(options.output_dir)
    counts = {'train': data.num_training, 'valid': data.num_validation}
    print('[i] {}: {train} training and {valid} validation samples, {} '
          'classes at {}x{}'.format(options.data_source, data.num_classes,
                                    *data.image_size, **counts), flush=True)
    start = time.time()
    found = audit.Audit(data, contract.class_names(data), THUMBNAILS)
    found.run()
    result = findings.collect(found)
    result.update(splits=counts, image_size=list(data.image_size),
                  seconds=time.time() - start, ceiling=None)
    if options.ceiling:
        result['ceiling'] = findings.measure_ceiling(found)
    findings.show(result)
    if found.can_draw():
        result['pictures'] = write_pictures(found, options.output_dir,
                                            ours)
        print('[i] {} pictures in {}'.format(len(result['pictures']),
                                             options.output_dir))
    if options.json:
        files.refuse_overwrite(options.json, inputs(found))
        files.write_json(options.json, files.without_nan(result))
    return findings.conclude(found.faults)


def write_classes(options):
    """Draft a class table, and say what is to be done with it."""
    path = options.write_classes
    if os.path.exists(path):
        raise FileExistsError('{} is there already: it is not overwritten'
                              .format(path))
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise FileNotFoundError(f'{os.path.dirname(path)}: no such folder')
    found = survey.Survey(os.path.join(options.data_dir, 'labels'),
                          options.workers)
    lines = class_draft.draft(found)
    left = class_draft.write(path, lines)
    findings.print_table(('name', 'value', 'ignored', 'note'), [
        (line.row.name, found.describe(line.code),
         'ignored' if line.row.ignore else '', line.note)
        for line in lines[:findings.LISTED * 2]])
    counts = collections.Counter(line.sort for line in lines)
    print('[i] {}: {} classes to be named; ignored: {} probably void, {} '
          'probably blends'.format(
              path, counts['class'], counts['void'], counts['blend']))
    if not counts['void']:
        print('[i] nothing is marked as void: where a class is, put 1 in its '
              'column ignore')
    if counts['blend']:
        print('[i] blends come of labels that were resized or saved with '
              'loss: better make the labels anew')
    if left:
        print('[i] the {} rarest blends are not in the table: labels with '
              'them will not be read'.format(left))
    return 0


def inputs(found):
    """All files of the data set that were looked at."""
    samples = [item for kind in (found.findings, found.rows)
               for items in kind.values() for item in items]
    return [path for sample in samples
            for path in (sample.image_path, sample.label_path)
            if os.path.isfile(path)]


def read_record(folder):
    """The names of the pictures in `folder` that earlier checks wrote."""
    record = os.path.join(folder, RECORD)
    lines = [TITLE]
    if os.path.exists(record):
        with open(record) as file:
            lines = file.read().splitlines()
    if lines[:1] != [TITLE]:
        raise FileExistsError('{} was not written by check_source.py: another '
                              '--output-dir is wanted'.format(record))
    ours = {line for line in lines[1:] if OURS.fullmatch(line)}
    for split in audit.SPLITS:
        refuse_foreign(folder, SHEET.format(split), ours)
    return ours


def refuse_foreign(folder, name, ours):
    """Raise FileExistsError where a file of that name is not ours."""
    path = os.path.join(folder, name)
    if os.path.exists(path) and name not in ours:
        raise FileExistsError('{} was not written by check_source.py: it is '
                              'not overwritten'.format(path))


def write_pictures(found, folder, ours):
    """Write sheets and samples; return their names.

    Only what earlier checks wrote, `ours`, is replaced or removed.
    """
    written = []
    for name, image in draw(found):
        refuse_foreign(folder, name, ours)
        written.append(name)
        with files.atomic(os.path.join(folder, RECORD)) as work:
            with open(work, 'w') as file:
                file.write('\n'.join([TITLE] + sorted(ours.union(written))))
        files.write_image(os.path.join(folder, name), image)
    for name in ours.difference(written):
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    return written


def draw(found):
    """Yield (name, picture): a sheet and single samples of each split."""
    names, colors = found.names, found.data.label_colors
    for split in audit.SPLITS:
        samples = found.samples(split)
        if samples:
            yield SHEET.format(split), gallery.sheet(samples, names, colors)
        for k, place in enumerate(audit.spread(len(samples), PICTURES)):
            sample = samples[place]
            stem = os.path.splitext(os.path.basename(sample[0]))[0]
            stem = re.sub(r'[^\w.-]', '_', stem)[:80]
            yield (SAMPLE.format(split, k, stem),
                   gallery.picture(sample, names, colors))


if __name__ == '__main__':
    utils.run(main)
