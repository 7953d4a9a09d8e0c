"""What an exported file says of itself, as trained.exported has it."""
import os
import platform
import sys

from segmentation.trained import golden, lookup


def describe(request, precision, image, ids):
    """Return the description of a file.

    Parameters
    ----------
    request : request.Request
    precision : str
        float32 or int8.
    image, ids : arrays
        The golden picture, and the classes that the file gives for it.
    """
    run = request.run
    saved = run.saved or {}
    return {
        'class_names': list(run.class_names),
        'label_colors': [[int(value) for value in run.label_colors[k]]
                         for k in range(len(run.class_names))],
        'background': list(run.background),
        'image_size': [int(side) for side in request.image_size],
        'ignore': saved.get('ignore', False),
        'channel_order': request.channel_order,
        'input_type': request.input_type,
        'fixed_size': request.fixed_size and list(request.fixed_size),
        'precision': precision,
        'run': os.path.basename(os.path.abspath(run.path)),
        'checkpoint': os.path.basename(run.checkpoint),
        'options': saved.get('options', {}),
        'versions': dict(
            {f'training {name}': version for name, version
             in saved.get('versions', {}).items()}, **versions(request)),
        **{name: lookup.fitted(run, name)[0]
           for name in (lookup.CRF, lookup.TEMPERATURE)},
        'golden': golden.encode(image, ids)}


def versions(request):
    """Return {name: version} of what has a part in the file."""
    return dict({'python': platform.python_version()},
                **{name: sys.modules[name].__version__
                   for name in ('numpy', *request.packages)
                   if name in sys.modules})
