"""The temperature of a run, where evaluate.py --calibrate has fitted one.

Logits are divided by it. It stands in temperature.json of a run, and in the
description of what was exported from there.
"""
import os
from typing import NamedTuple, Optional

from segmentation import schema
from segmentation.errors import InputError
from segmentation.trained import lookup

SCHEMA = {'temperature': float, 'checkpoint': str, 'split': str,
          'pictures': int, 'pixels': int,
          'negative_log_likelihood': [float],           # before, after
          'expected_calibration_error': [float]}        # before, after
LARGEST = 100               # of a temperature; 1 / LARGEST is the smallest


class Temperature(NamedTuple):
    """The temperature of a model, and a line on where it comes from."""

    value: float
    line: str


def read(model: lookup.Model) -> Optional[Temperature]:
    """Return the temperature that was fitted for a model, or None.

    Raises
    ------
    InputError
        What stands there makes no sense.
    """
    saved, where = lookup.fitted(model, lookup.TEMPERATURE)
    if saved is None:
        return None
    schema.check(saved, SCHEMA, where)
    value = saved['temperature']
    if not 1 / LARGEST <= value <= LARGEST:
        raise InputError(f'{where}: temperature is {value}: {1 / LARGEST} to '
                         f'{LARGEST} is wanted, as evaluate.py --calibrate '
                         'writes it')
    fitted = os.path.basename(model.checkpoint)
    other = ('' if saved['checkpoint'] == fitted else
             f', with the checkpoint {saved["checkpoint"]}')
    return Temperature(value, f'[i] temperature {value:.3f}: fitted on the '
                       f'{saved["split"]} split{other}')
