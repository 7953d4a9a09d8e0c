"""The pictures that int8 is calibrated on."""
import os

import numpy as np

from segmentation import pixels, threads
from segmentation.errors import InputError
from segmentation.inference import jobs, tta

MOST = 100      # pictures; more do not change the ranges of the activations


def list_pictures(paths, output, run, data_dir):
    """List pictures of folders and files, evenly spaced, MOST of them.

    Parameters
    ----------
    paths : sequence of str
    output : str
        What lies in it is left out.
    run : run_dir.Run
    data_dir : str, optional
        Folder of its data set, where it is not that of training.

    Raises
    ------
    InputError
        One is a validation picture of the run: its scores could not be
        believed any more.
    """
    pictures = [picture for path in paths
                for picture, _ in jobs.list_pictures(path, output)]
    saved = run.saved or {}
    base = data_dir or saved.get('options', {}).get('data_dir') or ''
    held_out = {os.path.realpath(os.path.join(base, name))
                for name in saved.get('split', {}).get('valid', ())}
    for picture in pictures:
        if os.path.realpath(picture) in held_out:
            raise InputError(f'{picture} is a validation picture of the run: '
                             '--int8 takes others, such as those that it was '
                             'trained on')
    step = max(1, len(pictures) / MOST)
    return [pictures[int(k * step)] for k in range(min(MOST, len(pictures)))]


def read_batches(pictures, image_size, workers):
    """Return pictures as batches (1, H, W, 3), BGR uint8, of network size."""
    augmentation = tta.TestTimeAugmentation(image_size)

    def read(path):
        return augmentation.inputs(pixels.read(path))[0][np.newaxis]

    return list(threads.in_threads(workers, read, pictures, 2 * workers))
