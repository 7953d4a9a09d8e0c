"""The first lines of every program: which data, which model, on what device.

    [i] data: demo (source_demo.py)
    [i] samples: 600 training, 40 validation; 7 classes, input 256x128
    [i] model: fcn-lite; 1,394,887 parameters
    [i] engine: tensorflow 2.21.0, float32, all cores
    [i] device: CPU, AMD EPYC: no GPU found

Each program prints those that it knows, as soon as it knows them.
"""
import os

from segmentation import text

TITLES = {'train': 'training', 'valid': 'validation', 'test': 'test'}


def data(name, file, data_dir=None):
    """Return the line on a data source.

    Parameters
    ----------
    name : str
        As --data-source names it.
    file : str
        The path of its module; it is shown relative to the working directory
        where it lies below that.
    data_dir : str, optional
        Folder of the data set; it may give classes alone. A source that
        draws its pictures has none.
    """
    relative = os.path.relpath(file)
    shown = file if relative.startswith(os.pardir) else relative
    return f'[i] data: {name} ({shown})' + (
        f' in {data_dir}' if data_dir else '')


def samples(counts, num_classes, size=None):
    """Return the line on the samples of each split.

    Parameters
    ----------
    counts : {split: int}
    num_classes : int
    size : (width, height), optional
        Network input; None is the size of each picture.

    Examples
    --------
    >>> samples({'train': 260, 'valid': 29}, 2, (576, 160))
    '[i] samples: 260 training, 29 validation; 2 classes, input 576x160'
    """
    parts = ', '.join(f'{count} {TITLES[split]}'
                      for split, count in counts.items())
    return f'[i] samples: {parts}; {shape(num_classes, size)}'


def model(name, num_parameters=None):
    """Return the line on a model.

    >>> model('fcn-lite', 1394887)
    '[i] model: fcn-lite; 1,394,887 parameters'
    """
    count = f'; {num_parameters:,} parameters' if num_parameters else ''
    return f'[i] model: {name}{count}'


def pictures(count, num_classes, size=None, what='pictures'):
    """Return the line on what to segment; parameters as for `samples`.

    >>> pictures(1, 2)
    '[i] pictures: 1; 2 classes, input native'
    """
    return f'[i] {what}: {count}; {shape(num_classes, size)}'


def shape(num_classes, size):
    """Return the number of classes and the network input, in words."""
    shown = 'x'.join(map(str, size)) if size else 'native'
    return f"{text.counted(num_classes, 'class')}, input {shown}"


def engine(name, version, precision, threads, device):
    """Return the lines on what runs a network, and where.

    Parameters
    ----------
    name, version, precision : str
    threads : int
        0 for all cores.
    device : str
        What it is, and why it is no other.

    Examples
    --------
    >>> print(*engine('openvino', '2026.4.1', 'int8', 2, 'CPU, AMD EPYC'),
    ...       sep='\\n')
    [i] engine: openvino 2026.4.1, int8, 2 threads
    [i] device: CPU, AMD EPYC
    """
    count = text.counted(threads, 'thread') if threads else 'all cores'
    return [f'[i] engine: {name} {version}, {precision}, {count}',
            f'[i] device: {device}']
