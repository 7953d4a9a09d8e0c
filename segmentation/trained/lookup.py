"""The model at a path: the directory of a run, or an exported model.

Both have a path, an image_size, class_names, label_colors, background and the
name of a checkpoint; what else is known of a model is asked for here.
"""
import glob
import hashlib
import os
import re
from typing import Any, Dict, List, Optional, Tuple, Union

from segmentation import files
from segmentation.errors import InputError
from segmentation.trained import exported, run_dir

Model = Union[run_dir.Run, exported.Exported]

# What evaluate.py finds for a run, and writes to NAME.json in its directory.
CRF, TEMPERATURE = 'crf', 'temperature'


def find(path: str, checkpoint: Optional[str] = None, source: Any = None
         ) -> Model:
    """Return the model at a path.

    Parameters
    ----------
    checkpoint : str, optional
        Of a run: best, which is the default, or last; of the blog's code see
        `run_dir.find`.
    source : data source, optional
        Its classes are compared with the model's; a run of the blog's code
        has no others.

    Raises
    ------
    OSError
        There is no model.
    InputError
        It is broken, or the source contradicts it.
    """
    if not is_exported(path):
        return run_dir.find(path, checkpoint or 'best', source)
    if checkpoint is not None:
        raise InputError(f'{path} is an exported model, which has one '
                         'checkpoint: --checkpoint goes with a run')
    model = exported.read(path)
    if source is not None:
        run_dir.check_source(model, source)
    return model


def is_exported(path: str) -> bool:
    """Return whether there is an exported model, or some other file."""
    return os.path.isfile(path) or exported.find_format(path) is not None


def read_options(path: str, checkpoint: Optional[str] = None
                 ) -> Dict[str, Any]:
    """Return the options of train.py by which the model at a path was made.

    There are none of a run of the blog's code.
    """
    if is_exported(path):
        return exported.read(path).description['options']
    if os.path.isfile(run_dir.path(path, 'options.json')):
        return run_dir.read_options(path)['options']
    run_dir.find_blog_files(path, checkpoint or 'best')
    return {}


def options(model: Model) -> Dict[str, Any]:
    """Return the options of train.py by which a model was made."""
    if isinstance(model, exported.Exported):
        return model.description['options']
    return (model.saved or {}).get('options', {})


def split(model: Model) -> Optional[Dict[str, List[str]]]:
    """Return the split that a run was trained on; None where none is known.
    """
    if isinstance(model, exported.Exported):
        return None
    return (model.saved or {}).get('split')


def log(model: Model) -> List[Dict[str, Any]]:
    """Return the scores of the epochs; an exported model has none."""
    return ([] if isinstance(model, exported.Exported)
            else run_dir.read_log(model.path))


def fitted(model: Model, name: str) -> Tuple[Optional[Any], str]:
    """Return what evaluate.py has found for a model, such as its crf.

    Parameters
    ----------
    name : str
        CRF or TEMPERATURE, as an exported model's description has it.

    Returns
    -------
    dict, optional
        None where nothing was found.
    str
        Where it stands.
    """
    if isinstance(model, exported.Exported):
        return model.description.get(name), f'{model.path}: {name}'
    path = fitted_file(model, name)
    return files.read_json(path, {}) if os.path.isfile(path) else None, path


def fitted_file(run: run_dir.Run, name: str) -> str:
    """Return the path of what evaluate.py finds for a run."""
    return run_dir.path(run.path, f'{name}.json')


def check_fitting(model: Model, name: str, option: str) -> None:
    """Raise unless what an option finds can be written beside a model.

    `name` is as in `fitted`.
    """
    if isinstance(model, exported.Exported):
        raise InputError(f'{model.path} is an exported model: {option} goes '
                         'with its run, and export.py takes what it finds')
    if not os.access(model.path, os.W_OK):
        raise PermissionError(f'{model.path}: {name}.json cannot be written '
                              'there')


def inputs(model: Model) -> List[str]:
    """Return the files that are read to use a model."""
    if isinstance(model, run_dir.Run):
        # A run of the blog's code has names of its own.
        return [model.graph, *glob.glob(f'{glob.escape(model.checkpoint)}.*')]
    stem = os.path.splitext(model.path)[0]
    return [model.path, f'{model.path}.json', f'{stem}.bin']


def files_of(model: Model) -> List[str]:
    """Return the files of a model that are there, in order."""
    if os.path.isdir(model.path) and isinstance(model, exported.Exported):
        return sorted(os.path.join(folder, name) for folder, _, names
                      in os.walk(model.path) for name in names)
    return sorted(filter(os.path.isfile, set(inputs(model))))


def fingerprint(model: Model) -> str:
    """Return a text that differs for other weights or another graph.

    It goes by what is in the files, wherever they lie: of a checkpoint by its
    index, which has a checksum of each tensor.
    """
    digest = hashlib.sha256()
    for path in files_of(model):
        if '.data-' in os.path.basename(path) and isinstance(
                model, run_dir.Run):
            continue
        with open(path, 'rb') as file:
            for block in iter(lambda: file.read(1 << 20), b''):
                digest.update(block)
    return digest.hexdigest()


def owned(model: Model) -> List[Tuple[str, Any]]:
    """Return the (folder, pattern of names) that belong to a model."""
    if isinstance(model, run_dir.Run):
        return [(model.path, run_dir.OWN)]
    return ([(model.path, re.compile(''))] if os.path.isdir(model.path)
            else [])
