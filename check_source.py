"""Check a data source before training: every file and every label row.

    python check_source.py --data-source camvid --data-dir camvid \\
        --output-dir out/check --ceiling --json out/check.json

It looks at each value of each label file, at each label row that training
would get, and for pictures that occur twice; prints class shares and weights;
and draws samples with their classes over them. The status is 0 if the data
is sound, 1 if it has faults.

    python check_source.py --data-source folder --data-dir DIR \\
        --write-classes DIR/classes.csv

drafts the class table of a folder from the labels in DIR/labels, and does
nothing else: give the classes their names, then check. With --data-source
labelme, coco or cvat the table has the names in the annotations.
"""
import os
import sys
import time

import utils
from segmentation import files, overwriting, text
from segmentation.checking import (audit, ceiling, class_draft, faults,
                                   name_draft, pictures, summary, survey)
from segmentation.checking.appearance import examine
from segmentation.data import class_table, contract, loading
from segmentation.terminal import command_line

SAMPLES = 24        # of each split, in its sheet


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Check a data source: files, label rows, colours.')
    utils.add_source_options(parser)
    group = parser.add_argument_group('checks and outputs')
    group.add_argument('--output-dir', metavar='DIR',
                       help='folder for the pictures; it is created if '
                            'missing')
    group.add_argument('--ceiling', action='store_true',
                       help='also compute the mIoU that a perfect network '
                            'could reach on the validation samples at the '
                            'image size')
    group.add_argument('--json', metavar='FILE',
                       help='also write the results as JSON')
    group.add_argument('--write-classes', metavar='FILE.csv',
                       help='with --data-source folder, labelme, coco or '
                            'cvat: draft the class table from the values or '
                            'names in the labels, and check nothing')
    options = parser.parse_args(argv)
    if (options.write_classes and options.data_source != 'folder'
            and not contract.offers(loading.find_source(options.data_source),
                                    'count_names')):
        parser.error('--write-classes goes with --data-source folder, '
                     'labelme, coco or cvat')
    if not options.output_dir and not options.write_classes:
        parser.error('the following arguments are required: --output-dir')
    return options


def main(argv=None):
    options = parse_options(argv)
    if options.write_classes:
        return write_classes(options)
    source = loading.load_source(options)
    for name in (options.output_dir, os.path.dirname(options.json or '')):
        os.makedirs(name or '.', exist_ok=True)
    folder = pictures.Folder(options.output_dir)
    overwriting.check_outputs([*folder.outputs(), options.json])
    overwriting.check_outputs([options.json], folders=[options.data_dir])
    written = [options.output_dir]
    if options.json:
        written.append(os.path.dirname(os.path.abspath(options.json)))
    utils.remove_leftovers(written)
    utils.print_source(options, source)
    start = time.time()
    audited = audit.Audit(source, SAMPLES)
    audited.run()
    seconds = time.time() - start
    scores = measure_ceiling(audited) if options.ceiling else None
    findings = examine.examine(audited) if audited.can_draw else []
    result = summary.summarize(audited, findings, seconds, scores)
    print('\n'.join(summary.lines(result) + examine.lines(findings)))
    if options.json:
        overwriting.check_outputs([options.json], audited.paths())
    if audited.can_draw:
        result['pictures'] = folder.write(audited, findings)
        print(f'[i] {text.counted(len(result["pictures"]), "picture")} in '
              f'{options.output_dir}')
    if options.json:
        files.write_json(options.json, files.without_nan(result))
    return conclude(audited.faults + examine.faults(findings),
                    options.output_dir)


def measure_ceiling(audited):
    """Return the scores of a perfect network; say so if there are none."""
    source = audited.source
    scores = ceiling.measure(
        audited.reader, audited.sound_pairs('valid'), source.image_size,
        source.num_classes, contract.ask(source, 'workers'))
    if scores is None:
        print('[i] ceiling: unknown, as the label files do not say the '
              'classes')
    return scores


def conclude(problems, output_dir):
    """Print the faults, and return the exit status.

    Without any it says what has been tested, and what has not.
    """
    sys.stdout.flush()
    for trace in faults.tracebacks(problems):
        print(trace, file=sys.stderr)
    for line in faults.lines(problems):
        print(f'[!] {line}', file=sys.stderr)
    sheet = os.path.join(output_dir, 'sheet_valid.png')
    print(f'[i] faults: {len(problems)}' if problems else
          '[i] sound: files, label rows, and the tests above. Whether classes '
          f'are right is for eyes to judge: {sheet}')
    return 1 if problems else 0


def write_classes(options):
    """Draft a class table, and print what is to be done with it."""
    path = options.write_classes
    if os.path.exists(path):
        raise FileExistsError(f'{path} exists already: it is not '
                              'overwritten')
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder')
    utils.remove_leftovers([folder])
    table, lines = (draft_of_values if options.data_source == 'folder'
                    else draft_of_names)(options, path)
    print(table, end='\n\n')
    print('\n'.join(f'[i] {line}' for line in lines))
    return 0


def draft_of_values(options, path):
    """Write a draft from label images; return a table and advice."""
    draft = class_draft.draft(survey.Survey(
        os.path.join(options.data_dir, 'labels'), options.workers))
    omitted = class_draft.write(path, draft)
    return (text.table(*class_draft.columns(draft), left=range(4)),
            class_draft.advice(path, draft, omitted))


def draft_of_names(options, path):
    """Write a draft from the names of shapes; return a table and advice."""
    source = loading.find_source(options.data_source)
    if options.classes:
        source.choose_classes(options.classes)
    draft = name_draft.draft(*source.count_names(options.data_dir))
    class_table.write(path, *zip(*draft))
    return (text.table(*name_draft.columns(draft), left=range(3)),
            name_draft.advice(path, draft))


if __name__ == '__main__':
    utils.run(main)
