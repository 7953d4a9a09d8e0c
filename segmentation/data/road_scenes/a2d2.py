"""A2D2: its class_list.json, and its classes as Cityscapes has them.

References
----------
Geyer et al. 2020, 'A2D2: Audi Autonomous Driving Dataset'.
"""
import os
import re

from segmentation import files, pixels
from segmentation.data.road_scenes.labels import Label
from segmentation.errors import InputError

CONFIG = 'class_list.json'
ROOTS = ('', 'camera_lidar_semantic')   # where it lies in the data set

# By the definitions of Cordts et al. 2016, as their names go; what is not
# here is ignored.
IN_CITYSCAPES = {
    'RD normal street': 'road', 'RD restricted area': 'road',
    'Drivable cobblestone': 'road', 'Slow drive area': 'road',
    'Speed bumper': 'road', 'Solid line': 'road', 'Dashed line': 'road',
    'Zebra crossing': 'road', 'Painted driv. instr.': 'road',
    'Sidewalk': 'sidewalk', 'Curbstone': 'sidewalk',
    'Buildings': 'building', 'Grid structure': 'fence', 'Poles': 'pole',
    'Traffic signal': 'traffic light', 'Signal corpus': 'traffic light',
    'Traffic sign': 'traffic sign', 'Nature object': 'vegetation',
    'Sky': 'sky', 'Pedestrian': 'person', 'Car': 'car', 'Truck': 'truck',
    'Small vehicles': 'motorcycle', 'Bicycle': 'bicycle'}


def find_root(data_dir):
    """Return the folder with class_list.json."""
    for root in ROOTS:
        folder = os.path.join(data_dir, root) if root else data_dir
        if os.path.isfile(os.path.join(folder, CONFIG)):
            return folder
    raise FileNotFoundError(f'no {CONFIG} in {data_dir} nor in '
                            f'{ROOTS[1]} there: A2D2 is wanted')


def read_labels(path):
    """Return the Labels of {'#rrggbb': name}; 'Car 2' is of the class Car."""
    labels = []
    for text, name in files.read_json(path, {'*': str}).items():
        if not re.fullmatch('#[0-9a-fA-F]{6}', text):
            raise InputError(f'{path}: colour {text!r}: #rrggbb is wanted')
        code = int(text[1:], 16)
        name = re.sub(r' \d+$', '', name)
        labels.append(Label(code, name, pixels.unpack(code),
                            IN_CITYSCAPES.get(name)))
    return labels


def label_of(picture):
    """Return the label's path for a picture's, relative to the root.

    >>> label_of('20180807_145028/camera/cam_front_center/1_camera_2.png')
    '20180807_145028/label/cam_front_center/1_label_2.png'
    """
    parts = picture.split('/')
    if len(parts) < 3 or parts[1] != 'camera' or parts[-1][-4:] != '.png':
        return None
    return '/'.join([parts[0], 'label', *parts[2:-1],
                     parts[-1].replace('_camera_', '_label_')])
