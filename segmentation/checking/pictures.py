"""The pictures of an audit: written to a folder, and replaced by the next.

A record in the folder lists the pictures that earlier audits wrote. Nothing
else in it is ever overwritten or removed.
"""
import itertools
import os
import re
from typing import Iterator, List, Tuple

import numpy as np

from segmentation import files
from segmentation.checking import audit as auditing
from segmentation.checking import gallery
from segmentation.checking.appearance import finding
from segmentation.data import background, splits
from segmentation.drawing import style
from segmentation.terminal import progress

COUNT = 10                      # samples of each split that are drawn large
SHEET = 'sheet_{}.png'
NAME = re.compile(r'(sheet|\w+_\d\d)_[\w.-]+\.png')
RECORD = 'check_source.txt'
TITLE = 'Pictures of check_source.py; its next run may replace them:'


class Folder:
    """A folder for the pictures of an audit.

    Raises
    ------
    FileExistsError
        There are files of the names that are wanted, and they are not ours.
    """

    def __init__(self, path: str):
        self.path = path
        self.record = os.path.join(path, RECORD)
        lines = [TITLE]
        if os.path.exists(self.record):
            with open(self.record, encoding='utf-8',
                      errors='replace') as file:
                lines = file.read().splitlines()
        if lines[:1] != [TITLE]:
            raise FileExistsError(f'{self.record} was not written by '
                                  'check_source.py: another --output-dir is '
                                  'wanted')
        self.earlier = {line for line in lines[1:] if NAME.fullmatch(line)}
        for split in auditing.SPLITS:
            self.refuse_foreign(SHEET.format(split))

    def outputs(self) -> List[str]:
        """Return the paths that every audit writes to."""
        return [self.record] + [os.path.join(self.path, SHEET.format(split))
                                for split in auditing.SPLITS]

    def refuse_foreign(self, name):
        """Raise FileExistsError if a file of that name is not ours."""
        path = os.path.join(self.path, name)
        if os.path.exists(path) and name not in self.earlier:
            raise FileExistsError(f'{path} was not written by '
                                  'check_source.py: it is not overwritten')

    def write(self, audit: auditing.Audit, findings: List[finding.Finding]
              ) -> List[str]:
        """Write the pictures of an audit, and return their names."""
        written = []
        for name, image in progress.track(itertools.chain(
                draw(audit), draw_findings(audit, findings)), None,
                'drawing'):
            self.refuse_foreign(name)
            written.append(name)
            with files.atomic(self.record) as work, open(
                    work, 'w', encoding='utf-8') as file:
                file.write('\n'.join(
                    [TITLE] + sorted(self.earlier.union(written))))
            files.write_image(os.path.join(self.path, name), image)
        for name in self.earlier.difference(written):
            if os.path.exists(os.path.join(self.path, name)):
                os.remove(os.path.join(self.path, name))
        return written


def draw(audit: auditing.Audit) -> Iterator[Tuple[str, np.ndarray]]:
    """Yield (name, picture): a sheet and single samples of each split."""
    chosen = choose_style(audit)
    for split in auditing.SPLITS:
        samples = audit.samples(split)
        if samples:
            yield SHEET.format(split), gallery.sheet(samples, chosen)
        for k, index in enumerate(splits.spread(len(samples), COUNT)):
            stem = os.path.splitext(os.path.basename(samples[index].path))[0]
            stem = re.sub(r'[^\w.-]', '_', stem)[:80]
            yield (f'{split}_{k:02d}_{stem}.png',
                   gallery.picture(samples[index], chosen))


def draw_findings(audit: auditing.Audit, findings: List[finding.Finding]
                  ) -> Iterator[Tuple[str, np.ndarray]]:
    """Yield (name, picture) of the worst sample of each test that failed."""
    failed = [one for one in findings if one.view
              and one.verdict in (finding.FAULT, finding.WARNING)]
    for k, one in enumerate(failed):
        name = re.sub(r'[^\w]+', '_', one.test)
        yield (f'worst_{k:02d}_{name}.png',
               gallery.picture(one.view, choose_style(audit)))


def choose_style(audit: auditing.Audit) -> style.Style:
    """Return how classes are drawn: all but the source's background."""
    return style.choose(*background.classes(audit.source), alpha=style.STRONG)
