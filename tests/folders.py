"""Data sets for --data-source folder, whose names may be of any bytes."""
import os

import cv2
import helpers

TABLE = ('name,id,ignore\nsky,0,\nnot road,1,\nroad,2,\nnever,3,\n'
         f'void,{helpers.VOID},1\n')


def write_picture(path, array, suffix='.png'):
    """Write a picture in the format of `suffix`, whatever its name is."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(cv2.imencode(suffix, array)[1].tobytes())


def write(folder, names, table=TABLE):
    """Write scenes and their labels; return the folder.

    Parameters
    ----------
    names : iterable of str
        Such as train/0.png, in images/ and in labels/.
    """
    folder = str(folder)
    for seed, name in enumerate(names):
        for kind, array in zip(('images', 'labels'),
                               helpers.draw_scene(seed)):
            write_picture(os.path.join(folder, kind, name), array)
    with open(os.path.join(folder, 'classes.csv'), 'w') as file:
        file.write(table)
    return folder
