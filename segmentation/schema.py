"""What a value that was read from JSON is made of, checked by a schema."""
import numbers

from segmentation.errors import InputError


def check(value, schema, where):
    """Raise InputError unless a value from JSON is built as wanted.

    Parameters
    ----------
    schema : type, tuple of types, [schema] or {key: schema}
        A list holds any number of values of one schema. A dict has these
        keys, of which those that end in '?' may be missing, and perhaps
        others; the key '*' stands for all other keys. float takes whole
        numbers, and int takes no booleans. None stands for null.
    where : str
        Names the value in the message.

    Examples
    --------
    >>> check({'epoch': 3}, {'epoch': int, 'best?': str}, 'state.json')
    >>> check({'epoch': '3'}, {'epoch': int}, 'state.json')
    Traceback (most recent call last):
    segmentation.errors.InputError: state.json: epoch is '3': int is wanted
    """
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            raise InputError(f'{where}: a JSON object is wanted')
        missing = [key for key in schema if key not in value
                   and key != '*' and not key.endswith('?')]
        if missing:
            raise InputError(f'{where} lacks {", ".join(missing)}')
        for key, item in value.items():
            inner = schema.get(key, schema.get(f'{key}?', schema.get('*')))
            if inner is not None:
                check(item, inner, join(where, key))
    elif isinstance(schema, list):
        if not isinstance(value, list):
            raise InputError(f'{where} is {brief(value)}: a list is wanted')
        for k, item in enumerate(value):
            check(item, schema[0], f'{where}[{k}]')
    else:
        kinds = schema if isinstance(schema, tuple) else (schema,)
        if not any(fits(value, kind) for kind in kinds):
            names = ' or '.join('null' if kind is None else kind.__name__
                                for kind in kinds)
            raise InputError(f'{where} is {brief(value)}: {names} is wanted')


def join(where, key):
    """Return how a message names a key: 'a.json: key', then 'key.inner'."""
    return f'{where}.{key}' if ': ' in where else f'{where}: {key}'


def brief(value):
    """Return a value as text of one line that is not too long."""
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def fits(value, kind):
    """Return whether a JSON value is of a kind: a type, or None."""
    if kind is None:
        return value is None
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, numbers.Real)
    return isinstance(value, kind)
