"""Which paths are videos, and what their outputs are called.

A video is named itself: in a folder infer.py looks for pictures alone.
"""
import os
import re
from urllib import parse

from segmentation import text
from segmentation.data import listing

SUFFIXES = ('.3gp', '.avi', '.flv', '.m2ts', '.m4v', '.mjpeg', '.mkv', '.mov',
            '.mp4', '.mpeg', '.mpg', '.mts', '.ogv', '.ts', '.webm', '.wmv')
STREAM = re.compile(r'[a-z][a-z0-9+.-]+://', re.IGNORECASE)
CAMERA = re.compile(r'\d{1,3}')


def has_suffix(path):
    """Return whether a file is a video by its name."""
    return os.path.splitext(path)[1].lower() in SUFFIXES


def is_stream(path):
    """Return whether a path is the address of a stream.

    >>> is_stream('rtsp://10.0.0.5/front'), is_stream('drive.mp4')
    (True, False)
    """
    return STREAM.match(path) is not None


def is_camera(path):
    """Return whether a path is the number of a camera, and no file."""
    return CAMERA.fullmatch(path) is not None and not os.path.exists(path)


def is_video(path):
    """Return whether a path is a video: a file, a camera or a stream."""
    return (is_stream(path) or is_camera(path)
            or has_suffix(path) and not os.path.isdir(path))


def without_password(path):
    """Return what messages call a video: without the password of a stream.

    >>> without_password('rtsp://me:secret@10.0.0.5/front')
    'rtsp://10.0.0.5/front'
    >>> without_password('a/drive.mp4')
    'a/drive.mp4'
    """
    if is_camera(path):
        return f'camera {path}'
    if is_stream(path):
        return re.sub(r'://[^/]*@', '://', path)
    return path


def file_name(path):
    """Return the name that the overlays of a video have.

    >>> file_name('rtsp://me:secret@10.0.0.5:554/front'), file_name('7')
    ('10.0.0.5-554-front.mp4', 'camera-7.mp4')
    """
    if is_camera(path):
        return f'camera-{path}.mp4'
    if is_stream(path):
        parts = parse.urlsplit(without_password(path))
        return re.sub(r'[^\w.]+', '-', f'{parts.netloc}{parts.path}'
                      ).strip('-.') + '.mp4'
    return os.path.basename(path)


def advice(folders, output_dir):
    """Return what is to be said of the videos in folders; None of none."""
    videos = [path for folder in folders if os.path.isdir(folder)
              for path in listing.walk(folder, [output_dir])
              if has_suffix(path)]
    return (f'{text.counted(len(videos), "video")} left out, such as '
            f'{videos[0]}: --samples-dir takes a video that it names itself'
            if videos else None)
