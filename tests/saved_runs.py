"""What train.py saves in the directory of a run: its log, its checkpoints."""
import json
import os

from segmentation.tf1 import tf
from segmentation.trained import run_dir


def read_log(run):
    """Return the entries of the log of a run, one an epoch."""
    with open(os.path.join(run, 'log.jsonl')) as file:
        return [json.loads(line) for line in file]


def epochs(run):
    """Return the numbers of the epochs in the log of a run."""
    return [entry['epoch'] for entry in read_log(run)]


def variables(run, kind):
    """Return {name: value} of a checkpoint: 'best', 'last' or 'resume'."""
    reader = tf.train.load_checkpoint(run_dir.checkpoint(run, kind))
    return {key: reader.get_tensor(key)
            for key in reader.get_variable_to_shape_map()}


def write_checkpoint(run, name, size=10):
    """Write the two files of a checkpoint, of `size` bytes each."""
    for end in ('.index', '.data-00000-of-00001'):
        (run / (name + end)).write_bytes(b'x' * size)
