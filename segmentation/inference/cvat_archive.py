"""Predicted classes as CVAT's "Segmentation mask 1.1", for annotators.

The archive holds labelmap.txt, ImageSets/Segmentation/default.txt and, for
each picture, SegmentationClass/NAME.png in the colours of the classes.
"""
import os
import zipfile
from typing import Dict, List, Optional, Sequence, Tuple

import cv2

from segmentation import files, pixels, text
from segmentation.drawing import overlay
from segmentation.drawing.style import Style
from segmentation.errors import InputError
from segmentation.inference.jobs import Job
from segmentation.inference.outputs import CLASS_IDS

BACKGROUND = 'background'
BLACK = (0, 0, 0)


def check(path: Optional[str], output_dir: str, style: Style) -> None:
    """Raise unless an archive can be written; None is passed over."""
    if path is None:
        return
    label_lines(style.names, style.colors)
    if os.path.lexists(path):
        raise FileExistsError(f'{path} exists already: it is not overwritten')
    folder = os.path.dirname(os.path.abspath(path))
    if folder != os.path.abspath(output_dir) and not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder')


def write(path: str, jobs: Sequence[Job], output_dir: str,
          style: Style) -> str:
    """Write an archive of the class ids of jobs; return a line on it.

    Parameters
    ----------
    output_dir : str
        Its folder class-ids/ has them, of those pictures that were read.
    style : Style
        Has the names of the classes, and their colours.
    """
    folder = os.path.join(output_dir, CLASS_IDS)
    paths = [job.outputs[CLASS_IDS] for job in jobs
             if os.path.isfile(job.outputs[CLASS_IDS])]
    frames = [os.path.splitext(os.path.relpath(name, folder))[0]
              .replace(os.sep, '/') for name in paths]
    label_map = ''.join(f'{line}\n' for line in label_lines(
        style.names, style.colors))
    with files.atomic(path) as work, zipfile.ZipFile(
            work, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('labelmap.txt', label_map)
        archive.writestr('ImageSets/Segmentation/default.txt',
                         ''.join(f'{frame}\n' for frame in frames))
        for name, frame in zip(paths, frames):
            image = overlay.colors_of(
                pixels.read(name, cv2.IMREAD_UNCHANGED), style.colors)
            # PNG files are deflated already: stored, not deflated again.
            archive.writestr(f'SegmentationClass/{frame}.png',
                             cv2.imencode('.png', image)[1].tobytes(),
                             zipfile.ZIP_STORED)
    return f'[i] {path}: {text.counted(len(frames), "mask")} for CVAT'


def label_lines(names: Sequence[str],
                colors: Dict[int, Tuple[int, int, int]]) -> List[str]:
    """Return the lines of labelmap.txt; the first one is the background.

    Raises
    ------
    InputError
        Two classes have one colour, or a name has a colon in it.
    """
    rows = [(name, tuple(reversed(colors[class_id])))
            for class_id, name in enumerate(names)]
    if BACKGROUND not in names and BLACK not in dict(rows).values():
        rows.insert(0, (BACKGROUND, BLACK))
    owners: Dict[tuple, str] = {}
    for name, color in rows:
        if ':' in name or color in owners:
            reason = ('a colon in it' if ':' in name
                      else f'the colour of {owners[color]!r}')
            raise InputError(f'--cvat: the class {name!r} has {reason}: '
                             'labelmap.txt cannot tell it')
        owners[color] = name
    lines = ['# label:color_rgb:parts:actions']
    return lines + [f'{name}:{",".join(map(str, color))}::'
                    for name, color in rows]
