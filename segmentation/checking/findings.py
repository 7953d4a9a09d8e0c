"""What an audit found: as a dict for JSON, and as text for people."""
import collections
import sys

import numpy as np

from segmentation import metrics, pixels
from segmentation.checking import audit, census

LISTED = 20     # lines of one kind before only a count


def collect(found):
    """What was found, as a dict to be written as JSON."""
    findings = found.findings['train'] + found.findings['valid']
    values = merge_values(findings, found.names,
                          'ignored' if found.own else 'not judged')
    sizes = collections.Counter('{}x{}'.format(*finding.size)
                                for finding in findings if finding.size)
    rows = found.rows['train'] + found.rows['valid']
    return {
        'faults': [text for _, text in found.faults],
        'classes': collect_classes(found),
        'values': [value for value in values if value['class'] is not None],
        'unknown': [value for value in values if value['class'] is None],
        'sizes': dict(sizes.most_common()),
        'duplicates': [
            [{'split': split, 'file': path} for split, path in pair]
            for pair in found.duplicates],
        'file_pixels': sum(finding.pixels for finding in findings),
        'row_pixels': sum(row.pixels for row in rows),
        'pixels': sum(sample.pixels for sample in findings + rows),
        'checking_seconds': sum(sample.seconds for sample in findings + rows),
    }


def collect_classes(found):
    """A dict of each class, counted in the files or else in the rows."""
    counts, totals = {}, 0
    for split in audit.SPLITS:
        if found.own:
            samples = [(item.counts(len(found.names)), item.pixels)
                       for item in found.findings[split]]
        else:
            samples = [(item.counts, item.pixels)
                       for item in found.rows[split]]
        counts[split] = np.array([count for count, _ in samples],
                                 np.int64).reshape(-1, len(found.names))
        totals += sum(total for _, total in samples)
    both = np.concatenate([counts['train'], counts['valid']])
    train = counts['train']
    weights = metrics.median_frequency_weights(train) if train.any() \
        else np.full(len(found.names), np.nan)
    weights[~train.any(axis=0)] = np.nan
    table = []
    for number, name in enumerate(found.names):
        entry = {'name': name, 'number': number,
                 'pixels': int(both[:, number].sum()),
                 'share': both[:, number].sum() / max(1, totals),
                 'files': int((both[:, number] > 0).sum()),
                 'weight': float(weights[number])}
        for split in audit.SPLITS:
            own = counts[split][:, number]
            entry[f"{split}_pixels"] = int(own.sum())
            entry[f"{split}_files"] = int((own > 0).sum())
        table.append(entry)
    return table


def merge_values(findings, names, unscored):
    """Each value of the label files once, the most frequent first."""
    merged = {}
    for finding in findings:
        for value in finding.values:
            entry = merged.setdefault((value.is_color, value.code), {
                'value': census.describe(value), 'class': None, 'pixels': 0,
                'files': 0, 'file': finding.label_path,
                'row': value.place[0], 'column': value.place[1]})
            entry['pixels'] += value.pixels
            entry['files'] += 1
            if value.number == pixels.UNKNOWN:
                entry['nearest'] = value.nearest
            else:
                entry['class'] = unscored \
                    if value.number == pixels.IGNORE else names[value.number]
    total = sum(finding.pixels for finding in findings)
    for entry in merged.values():
        entry['share'] = entry['pixels'] / total
    return sorted(merged.values(), key=lambda entry: -entry['pixels'])


def measure_ceiling(found):
    """The scores of a perfect network, as a dict; None if not known."""
    matrix = found.ceiling()
    if matrix is None:
        print('[i] ceiling: not known, as the label files do not tell the '
              'classes')
        return None
    ious = metrics.iou(matrix)
    return {'miou': metrics.mean(ious), 'per_class': ious.tolist(),
            'split': 'valid'}


def show(result):
    """Print the tables for people."""
    values = result['values'] + result['unknown'][:LISTED]
    if values:
        print_table(('value in the label files', 'class', 'share', 'files'), [
            (value['value'], value['class'] or 'IN NO CLASS',
             percent(value['share']), str(value['files']))
            for value in values])
    ious = (result['ceiling'] or {}).get('per_class')
    print_table(('class', 'share', 'train files', 'valid files', 'weight',
                 'ceiling'), [
        (entry['name'], percent(entry['share']),
         str(entry['train_files'] or 'NEVER SEEN'),
         str(entry['valid_files'] or 'NEVER SEEN'), decimal(entry['weight']),
         decimal(ious[entry['number']]) if ious else '-')
        for entry in result['classes']])
    if result['sizes']:
        print('[i] sizes: ' + ', '.join(
            '{} ({} pictures)'.format(*item)
            for item in result['sizes'].items()))
    if result['ceiling']:
        print('[i] ceiling at {}x{}: mIoU {:.4f} is the most that a perfect '
              'network reaches on validation'.format(
                  *result['image_size'], result['ceiling']['miou']))
    print('[i] checked {pixels:,} pixels ({file_pixels:,} of files, '
          '{row_pixels:,} of label rows) in {seconds:.1f} s, reading '
          'included; the checks alone took {each:.3f} microseconds a pixel'
          .format(each=1e6 * result['checking_seconds'] /
                  max(1, result['pixels']), **result))


def print_table(head, rows):
    """Print columns, flush right but for the first and the classes."""
    rows = [head] + rows
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print('  '.join('{:{}{}}'.format(
            text, '>' if column and head[column] != 'class' else '<', width)
            for column, (text, width) in enumerate(zip(row, widths)))
            .rstrip())
    print()


def percent(share):
    """'12.34 %', and '-' for nothing."""
    return f'{100 * share:.2f} %' if share else '-'


def decimal(value):
    """'0.123', and '-' for NaN."""
    return '-' if np.isnan(value) else f'{value:.3f}'


def conclude(faults):
    """Print the faults, no more than LISTED of a kind; the exit status."""
    sys.stdout.flush()
    kinds = collections.Counter()
    for kind, text in faults:
        kinds[kind] += 1
        if kinds[kind] <= LISTED:
            print(f'[!] {text}', file=sys.stderr)
    for kind, count in kinds.items():
        if count > LISTED:
            print(f'[!] and {count - LISTED} more of kind {kind!r}',
                  file=sys.stderr)
    print(f'[i] faults: {len(faults)}' if faults else '[i] sound')
    return 1 if faults else 0
