"""The frames of a video file, a camera or a stream, decoded in order.

A frame that cannot be decoded keeps its place in time, and is counted.
"""
import itertools
import math
import os
from typing import Callable, Generator, NamedTuple, Optional

import cv2
import numpy as np

from segmentation import threads
from segmentation.errors import InputError
from segmentation.inference.predictor import Sample
from segmentation.inference.video import names
from segmentation.inference.video.options import Settings

# FFmpeg describes on stderr what is damaged; the last line here counts it.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')

RATE = 25.              # frames per second where a video has no sensible rate
HIGHEST_RATE = 1000
MOST_FRAMES = 1 << 40   # that a file can have; above, the number is none
ATTEMPTS = 5            # to go on where the number of frames is unknown
# Containers estimate their number of frames: so many are not missing.
TOLERANCE, FEW = .02, 2


class Frame(NamedTuple):
    """A frame on its way to the network."""

    picture: str            # what messages call it
    number: int             # among all frames of its video, from 0
    image: np.ndarray       # (H, W, 3) uint8 BGR


class Reader:
    """Decodes a video; a context.

    Parameters
    ----------
    video : str
        Path of a file, number of a camera, or address of a stream.
    settings : Settings
        Which frames are taken.

    Attributes
    ----------
    rate : float
        Frames per second.
    announced : int
        How many frames the video says it has; 0 where it does not.
    damaged : int
        Frames so far that could not be decoded, or are missing at the end.

    Raises
    ------
    OSError, InputError
        It cannot be opened, or ends before the first frame is taken.
    """

    def __init__(self, video: str, settings: Settings) -> None:
        self.name = names.without_password(video)
        self.capture = open_capture(video)
        rate = self.capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= HIGHEST_RATE else RATE
        count = self.capture.get(cv2.CAP_PROP_FRAME_COUNT)
        is_known = not names.is_camera(video) and 0 < count < MOST_FRAMES
        self.announced = int(count) if is_known else 0
        self.every = settings.every
        self.first = math.ceil(settings.start * self.rate - 1e-6)
        self.last = (math.inf if settings.end is None
                     else math.ceil(settings.end * self.rate - 1e-6))
        self.position = self.damaged = 0
        self.is_over = False
        if self.announced and self.announced <= self.first:
            raise self.too_short(self.announced)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.capture.release()

    @property
    def total(self) -> Optional[int]:
        """How many frames will be taken; None where that is not known."""
        end = min(self.last, self.announced or math.inf)
        return (None if math.isinf(end)
                else max(0, math.ceil((end - self.first) / self.every)))

    def read(self) -> Optional[Frame]:
        """Return the next frame to be taken; None after the last one."""
        failures = lost = 0     # in a row; those of them that were wanted
        while not self.is_over and self.position < self.last:
            number = self.position
            is_wanted = number >= self.first and (
                number - self.first) % self.every == 0
            done = self.capture.grab()
            image = np.empty(0)
            if done and is_wanted:
                done, image = self.capture.retrieve()
            self.position += 1
            if done:
                self.damaged += lost
                failures = lost = 0
                if is_wanted:
                    return Frame(f'{self.name}, frame {number}', number,
                                 image)
                continue
            failures += 1
            lost += is_wanted
            self.is_over = (self.position >= self.announced
                            if self.announced else failures == ATTEMPTS)
        if self.announced and failures > max(FEW, TOLERANCE * self.announced):
            self.damaged += lost
        self.is_over = True
        return None

    def too_short(self, count: int) -> InputError:
        """Return the error of a video of so many frames, which are too few.
        """
        if self.first and count:
            return InputError(f'{self.name} is {count / self.rate:.1f} s '
                              'long: an earlier --start is wanted')
        return InputError(f'{self.name}: no frame of it can be decoded')


def open_capture(video: str) -> cv2.VideoCapture:
    """Open a video; OSError or InputError says what else to do."""
    if names.is_camera(video):
        capture = cv2.VideoCapture(int(video))
        advice = 'another number is wanted, or the right to use it'
    elif names.is_stream(video):
        capture = cv2.VideoCapture(video, backend())
        advice = 'it is not reached, or not understood'
    else:
        check_file(video)
        # In full, as FFmpeg takes what comes before a colon for a protocol.
        capture = cv2.VideoCapture(os.path.abspath(video), backend())
        stem = os.path.splitext(video)[0]
        advice = ('it was cut off, or is of a kind that ffmpeg can bring to '
                  f'one that it does: ffmpeg -i {video} {stem}-converted.mp4')
    if not capture.isOpened():
        raise InputError(f'{names.without_password(video)}: no video that '
                         f'OpenCV opens: {advice}')
    return capture


def backend() -> int:
    """Return FFmpeg where OpenCV has it.

    The others would take a % in the name of a file for a list of pictures.
    """
    return (cv2.CAP_FFMPEG if cv2.CAP_FFMPEG
            in cv2.videoio_registry.getBackends() else cv2.CAP_ANY)


def check_file(path: str) -> None:
    """Raise unless a path is a file with something in it."""
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        raise InputError(f'{path}: OpenCV opens videos whose names are UTF-8')
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f'{path}: a file is wanted, no pipe or device')
    if not os.path.getsize(path):
        raise InputError(f'{path}: the file is empty: a video is wanted')


def read_ahead(reader: Reader, is_stopped: Callable[[], bool], ahead: int
               ) -> Generator[Frame, None, None]:
    """Yield the frames of a Reader, which one thread decodes.

    Parameters
    ----------
    reader : Reader
    is_stopped : function
        Returns whether the video is to end here.
    ahead : int
        Frames that are decoded in advance.
    """
    for frame in threads.in_threads(1, lambda _: reader.read(),
                                    itertools.repeat(None), ahead):
        if frame is None or is_stopped():
            return
        yield frame


def sample(frame: Frame) -> Sample:
    """Return the Sample of a frame."""
    return Sample(frame.image)
