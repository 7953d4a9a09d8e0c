"""The summary of an audit: a dict for JSON, and lines for people."""
import collections
from typing import Any, Dict, List, Optional

import numpy as np

from segmentation import metrics, pixels, text
from segmentation.checking import audit as auditing
from segmentation.checking.appearance import examine, finding
from segmentation.checking.faults import LISTED


def summarize(audit: auditing.Audit, findings: List[finding.Finding],
              seconds: float,
              ceiling: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
    """Return the results of an audit as a dict.

    Parameters
    ----------
    findings : list of appearance.finding.Finding
    seconds : float
        Time that the audit took.
    ceiling : dict, optional
        What `ceiling.measure` returned.
    """
    files = audit.files['train'] + audit.files['valid']
    rows = audit.rows['train'] + audit.rows['valid']
    values = merge_values(files, audit.names,
                          'ignored' if audit.lists_files else 'not judged')
    sizes = collections.Counter(f'{pair.size[0]}x{pair.size[1]}'
                                for pair in files if pair.size)
    return {
        'faults': [fault.text for fault in
                   audit.faults + examine.faults(findings)],
        'classes': summarize_classes(audit),
        'values': [value for value in values if value['class'] is not None],
        'unknown': [value for value in values if value['class'] is None],
        'sizes': dict(sizes.most_common()),
        'splits': audit.counts,
        'image_size': list(audit.source.image_size),
        'appearance': examine.as_json(findings),
        'duplicates': [
            [{'split': split, 'file': path} for split, path in pair]
            for pair in audit.duplicates],
        'file_pixels': sum(pair.pixels for pair in files),
        'row_pixels': sum(row.pixels for row in rows),
        'pixels': sum(sample.pixels for sample in files + rows),
        'seconds': seconds,
        'checking_seconds': sum(sample.seconds for sample in files + rows),
        'ceiling': ceiling,
    }


def summarize_classes(audit):
    """Return a dict of each class, counted in the files or else in the rows.
    """
    counts, total = {}, 0
    for split in auditing.SPLITS:
        counts[split], size = count_classes(audit, split)
        total += size
    both = np.concatenate([counts['train'], counts['valid']])   # [N, C]
    train = counts['train']
    weights = metrics.median_frequency_weights(train) if train.any() \
        else np.full(len(audit.names), np.nan)
    weights[~train.any(axis=0)] = np.nan
    classes = []
    for class_id, name in enumerate(audit.names):
        entry = {'name': name, 'number': class_id,
                 'pixels': int(both[:, class_id].sum()),
                 'share': both[:, class_id].sum() / max(1, total),
                 'files': int((both[:, class_id] > 0).sum()),
                 'weight': float(weights[class_id])}
        for split in auditing.SPLITS:
            own = counts[split][:, class_id]
            entry[f'{split}_pixels'] = int(own.sum())
            entry[f'{split}_files'] = int((own > 0).sum())
        classes.append(entry)
    return classes


def count_classes(audit, split):
    """Count the pixels of each class in the samples of a split.

    Returns
    -------
    (N, C) int64 array
        Pixels of each class in each of N samples.
    int
        Pixels of all samples, those that are ignored too.
    """
    num_classes = len(audit.names)
    if audit.lists_files:
        samples = audit.files[split]
        counts = [pair.class_pixels(num_classes) for pair in samples]
    else:
        samples = audit.rows[split]
        counts = [row.counts for row in samples]
    return (np.array(counts, np.int64).reshape(-1, num_classes),
            sum(sample.pixels for sample in samples))


def merge_values(files, names, unscored):
    """Return each value of the label files once, the most frequent first.

    `unscored` is the name of the class of ignored values.
    """
    merged = {}
    for pair in files:
        for value in pair.values:
            row, column = value.position
            entry = merged.setdefault((value.is_color, value.code), {
                'value': value.describe(), 'class': None, 'pixels': 0,
                'files': 0, 'file': pair.label_path, 'row': row,
                'column': column})
            entry['pixels'] += value.pixels
            entry['files'] += 1
            if value.class_id == pixels.UNKNOWN:
                entry['nearest'] = value.nearest
            elif value.class_id == pixels.IGNORE:
                entry['class'] = unscored
            else:
                entry['class'] = names[value.class_id]
    total = sum(pair.pixels for pair in files)
    for entry in merged.values():
        entry['share'] = entry['pixels'] / total
    return sorted(merged.values(), key=lambda entry: -entry['pixels'])


def lines(summary: Dict[str, Any]) -> List[str]:
    """Return the tables of a summary, and what to know besides."""
    parts = []
    values = summary['values'] + summary['unknown'][:LISTED]
    if values:
        parts += [value_table(values), '']
    ceiling = summary['ceiling']
    parts += [class_table(summary['classes'],
                          ceiling and ceiling['per_class']), '']
    if summary['sizes']:
        parts.append('[i] sizes: ' + ', '.join(
            f'{size} ({text.counted(count, "picture")})'
            for size, count in summary['sizes'].items()))
    if ceiling:
        width, height = summary['image_size']
        parts.append(
            f'[i] ceiling at {width}x{height}: mIoU {ceiling["miou"]:.4f} is '
            'the most that a perfect network reaches on validation')
    each = 1e6 * summary['checking_seconds'] / max(1, summary['pixels'])
    parts.append(
        f'[i] checked {text.counted(summary["pixels"], "pixel")} '
        f'({summary["file_pixels"]:,} of files, {summary["row_pixels"]:,} of '
        f'label rows) in {summary["seconds"]:.1f} s, reading included; the '
        f'checks alone took {each:.3f} microseconds a pixel')
    return parts


def value_table(values):
    """Return the table of the values in the label files."""
    return text.table(
        ('value in the label files', 'class', 'share', 'files'),
        [(value['value'], value['class'] or 'IN NO CLASS',
          percent(value['share']), str(value['files'])) for value in values],
        left=(0, 1))


def class_table(classes, ceilings):
    """Return the table of the classes; `ceilings` are IoUs or None."""
    return text.table(
        ('class', 'share', 'train files', 'valid files', 'weight', 'ceiling'),
        [(entry['name'], percent(entry['share']),
          str(entry['train_files'] or 'NEVER SEEN'),
          str(entry['valid_files'] or 'NEVER SEEN'), decimal(entry['weight']),
          decimal(ceilings[entry['number']]) if ceilings else '-')
         for entry in classes])


def percent(share):
    """Return '12.34 %', and '-' for nothing."""
    return f'{text.percent(share)} %' if share else '-'


def decimal(value):
    """Return '0.123', and '-' for NaN."""
    return '-' if np.isnan(value) else f'{value:.3f}'
