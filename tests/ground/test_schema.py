"""Values of JSON against a schema."""
import pytest

from segmentation import errors, schema

STATE = {'epoch': int, 'best?': (str, None), 'scores?': {'*': float},
         'sizes?': [[int]]}


@pytest.mark.parametrize('value', [
    {'epoch': 3}, {'epoch': 3, 'best': None, 'other': object},
    {'epoch': 0, 'best': 'best-1', 'scores': {'miou': 1, 'road': .5}},
    {'epoch': 1, 'sizes': []}, {'epoch': 1, 'sizes': [[1, 2], []]}])
def test_values_that_fit(value):
    schema.check(value, STATE, 'state.json')


@pytest.mark.parametrize('value, message', [
    (3, 'state.json: a JSON object is wanted'),
    ({}, 'state.json lacks epoch'),
    ({'epoch': '3'}, "state.json: epoch is '3': int is wanted"),
    ({'epoch': True}, 'state.json: epoch is True: int is wanted'),
    ({'epoch': 1.5}, 'state.json: epoch is 1.5: int is wanted'),
    ({'epoch': 1, 'best': 3}, 'state.json: best is 3: str or null is wanted'),
    ({'epoch': 1, 'scores': {'road': None}},
     'state.json: scores.road is None: float is wanted'),
    ({'epoch': 1, 'sizes': {}}, 'state.json: sizes is {}: a list is wanted'),
    ({'epoch': 1, 'sizes': [[1], [2, 'x']]},
     "state.json: sizes[1][1] is 'x': int is wanted")])
def test_the_message_names_the_value(value, message):
    with pytest.raises(errors.InputError) as raised:
        schema.check(value, STATE, 'state.json')
    assert str(raised.value) == message


def test_a_long_value_is_cut_off():
    with pytest.raises(errors.InputError) as raised:
        schema.check({'epoch': 'x' * 1000}, STATE, 'state.json')
    assert len(str(raised.value)) < 120
