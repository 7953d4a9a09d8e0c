"""Mapillary Vistas: its config.json, and its classes as Cityscapes has them.

References
----------
Neuhold et al. 2017, 'The Mapillary Vistas dataset for semantic understanding
of street scenes'.
"""
import os

from segmentation import files
from segmentation.data.road_scenes.labels import Label
from segmentation.errors import InputError

# {version: (labels in training/ and validation/, what lists the classes)}
VERSIONS = {'v2.0': ('v2.0/labels', 'config_v2.0.json'),
            'v1.2': ('v1.2/labels', 'config_v1.2.json'),
            'v1.1': ('labels', 'config.json')}
SCHEMA = {'labels': [{'name': str, 'color': [int], 'evaluate': bool}]}

# By the definitions of Cordts et al. 2016: roads with their markings, lanes
# for bicycles and what lies in them; sidewalks with curbs and islands. What
# is not here is ignored, as it is in Cityscapes: parking, rails, bridges,
# tunnels, guard rails, the backs of signs.
IN_CITYSCAPES = {
    'construction--flat--road': 'road',
    'construction--flat--road-shoulder': 'road',
    'construction--flat--service-lane': 'road',
    'construction--flat--bike-lane': 'road',
    'construction--flat--crosswalk-plain': 'road',
    'marking': 'road',
    'marking-only': 'road',
    'object--manhole': 'road',
    'object--pothole': 'road',
    'construction--flat--sidewalk': 'sidewalk',
    'construction--flat--pedestrian-area': 'sidewalk',
    'construction--flat--curb-cut': 'sidewalk',
    'construction--flat--traffic-island': 'sidewalk',
    'construction--barrier--curb': 'sidewalk',
    'construction--structure--building': 'building',
    'construction--structure--garage': 'building',
    'construction--barrier--wall': 'wall',
    'construction--barrier--fence': 'fence',
    'object--support--pole': 'pole',
    'object--support--utility-pole': 'pole',
    'object--traffic-light': 'traffic light',
    'object--traffic-sign--front': 'traffic sign',
    'object--traffic-sign--direction-front': 'traffic sign',
    'object--traffic-sign--temporary-front': 'traffic sign',
    'nature--vegetation': 'vegetation',
    'nature--terrain': 'terrain',
    'nature--sand': 'terrain',
    'nature--sky': 'sky',
    'human--person': 'person',
    'human--rider': 'rider',
    'object--vehicle--car': 'car',
    'object--vehicle--truck': 'truck',
    'object--vehicle--bus': 'bus',
    'object--vehicle--on-rails': 'train',
    'object--vehicle--motorcycle': 'motorcycle',
    'object--vehicle--bicycle': 'bicycle'}


def find_version(data_dir):
    """Return (folder of labels in a split, config) of the newest version."""
    for labels, config in VERSIONS.values():
        path = os.path.join(data_dir, config)
        if os.path.isfile(path) and os.path.isdir(os.path.join(
                data_dir, 'training', *labels.split('/'))):
            return labels, path
    wanted = ', '.join(f'{config} with training/{labels}'
                       for labels, config in VERSIONS.values())
    raise FileNotFoundError(f'no Mapillary Vistas in {data_dir}: {wanted} '
                            'were looked for')


def read_labels(path):
    """Return the Labels of a config file: the index of each is its id."""
    labels = []
    for number, entry in enumerate(files.read_json(path, SCHEMA)['labels']):
        name, color = entry['name'], tuple(entry['color'])
        if len(color) != 3 or not set(color) <= set(range(256)):
            raise InputError(f'{path}: color of {name} is {color}: red, green '
                             'and blue are wanted, 0 to 255')
        labels.append(Label(number, name, color, in_cityscapes(name),
                            not entry['evaluate']))
    return labels


def in_cityscapes(name):
    """Return the class in Cityscapes of a name or what it is a kind of.

    >>> in_cityscapes('marking--discrete--arrow--left')
    'road'
    >>> in_cityscapes('construction--flat--parking')
    """
    while name and name not in IN_CITYSCAPES:
        name = name.rpartition('--')[0]
    return IN_CITYSCAPES.get(name)
