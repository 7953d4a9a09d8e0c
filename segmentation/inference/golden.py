"""The golden picture: does an exported model still give what it must?

export.py writes a picture into the model, and the classes that its own engine
gave for it. On another machine, with another engine or in another precision,
the picture is run once more when the model is opened; that it was is noted in
the user's cache.
"""
import hashlib
import json
import os
from typing import Any, Dict, List

import numpy as np

from segmentation import processor
from segmentation.data import cache
from segmentation.errors import InputError
from segmentation.inference.engines.engine import Engine
from segmentation.trained import exported, lookup
from segmentation.trained import golden as golden_pictures

# Share of the pixels whose class may be another. float32 is rounded in
# another order on each machine. On KITTI frames bfloat16 changed .01 % of the
# pixels, and int8 .16 %, which differs more between processors.
MOST_CHANGED = {'float32': 1e-4, 'bfloat16': 1e-3, 'int8': 1e-2}


def check_once(engine: Engine, model: exported.Exported) -> List[str]:
    """Run the golden picture, unless that was done here before.

    Returns
    -------
    list of str
        Lines for the terminal.

    Raises
    ------
    InputError
        In float32 more than .01 % of its pixels have another class.
    """
    described = engine.describe()
    changed, _ = cache.cached('golden pictures', key(model, described),
                              lambda: check(engine, model), is_share)
    most = MOST_CHANGED[described['precision']]
    if changed <= most:
        return []
    what = (f'{model.path}: {changed:.2%} of the pixels of its golden '
            f'picture have another class than where it was exported')
    if described['precision'] == 'float32':
        raise InputError(f'{what}: at most {most:.2%} are wanted '
                         '(--skip-golden does without)')
    return [f'[i] {what}: score it by evaluate.py']


def check(engine: Engine, model: exported.Exported) -> float:
    """Return the share of the golden picture's pixels of another class."""
    image, ids = golden_pictures.decode(model)
    count = (model.description['fixed_size'] or [1])[0]
    found = engine.probabilities(np.stack([image] * count))[0].argmax(axis=-1)
    return float(np.mean(found != ids))


def key(model: exported.Exported, described: Dict[str, Any]) -> str:
    """Return what the outcome depends on: model, machine and engine."""
    states = [(status.st_size, status.st_mtime_ns) for status in map(
        os.stat, lookup.files_of(model))]
    return hashlib.sha256(json.dumps([
        os.path.abspath(model.path), states, processor.name(),
        sorted(described.items())]).encode()).hexdigest()


def is_share(value: Any) -> bool:
    """Return whether a value from the cache can be a result of `check`."""
    return isinstance(value, (int, float)) and 0 <= value <= 1
