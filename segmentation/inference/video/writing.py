"""A video that is written under a temporary name, and appears whole."""
import contextlib
import os
import tempfile
from typing import Optional

import cv2
import numpy as np

from segmentation import files, pixels
from segmentation.errors import InputError

# The first one is in every OpenCV; which others are depends on its FFmpeg.
CODECS = 'mp4v', 'avc1', 'vp09', 'av01'


class Film(contextlib.AbstractContextManager):
    """Encodes pictures as an MP4 file, if there are any; a context.

    The first picture sets the size, and others are brought to it. Encoders
    take even sides: a last column or row is repeated where they are odd.

    Parameters
    ----------
    path : str
    rate : float
        Frames per second.
    codec : str
        One of CODECS.

    Attributes
    ----------
    count : int
        Pictures so far.
    """

    def __init__(self, path: str, rate: float, codec: str) -> None:
        self.path = path
        self.rate = rate
        self.codec = codec
        self.count = 0
        self.size = 0, 0
        self.work = ''
        self.writer: Optional[cv2.VideoWriter] = None
        self.stack = contextlib.ExitStack()

    def add(self, image: np.ndarray) -> None:
        """Encode a picture, (H, W, 3) uint8 BGR.

        Raises
        ------
        InputError
            OpenCV cannot encode it.
        """
        if self.writer is None:
            self.size = pixels.size_of(image)
            os.makedirs(os.path.dirname(os.path.abspath(self.path)),
                        exist_ok=True)
            self.work = self.stack.enter_context(files.atomic(self.path))
            self.writer = open_writer(self.work, self.path, self.rate,
                                      self.codec, even(image))
        if pixels.size_of(image) != self.size:
            image = pixels.resize_image(image, self.size)
        self.writer.write(even(image))
        self.count += 1

    def __exit__(self, *exception):
        try:
            if self.writer is not None:
                self.writer.release()
                if exception[0] is None:
                    check_whole(self.work, self.path, self.count)
        except Exception as error:
            self.stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self.stack.__exit__(*exception)


def even(image: np.ndarray) -> np.ndarray:
    """Return a picture with even sides, its last pixels repeated."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), 'edge')


def open_writer(work: str, path: str, rate: float, codec: str,
                image: np.ndarray) -> cv2.VideoWriter:
    """Open the file `work` for pictures; errors call it `path`."""
    width, height = pixels.size_of(image)
    writer = cv2.VideoWriter(work, cv2.VideoWriter.fourcc(*codec), rate,
                             (width, height))
    if not writer.isOpened():
        other = (f'--codec {CODECS[0]}, and ffmpeg converts what it writes'
                 if codec != CODECS[0] else
                 'the opencv-python of PyPI can')
        raise InputError(f'{path}: this OpenCV cannot write {width}x{height} '
                         f'pixels at {rate:g} frames/s by the codec {codec}: '
                         f'{other}')
    return writer


def check_codec(path: str, codec: str) -> None:
    """Raise InputError where OpenCV lacks a codec, before it is needed."""
    with tempfile.TemporaryDirectory(prefix=files.PART) as folder:
        open_writer(os.path.join(folder, 'test.mp4'), path, 25.,
                    codec, np.zeros((64, 64, 3), np.uint8)).release()


def check_whole(work: str, path: str, count: int) -> None:
    """Raise OSError unless a file has so many frames: OpenCV does not say.
    """
    capture = cv2.VideoCapture(work)
    written = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    if written != count:
        raise OSError(f'{path}: {max(0, written)} of {count} frames were '
                      'written: the disk may be full')
