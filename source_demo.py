"""Synthetic road scenes, drawn in memory: a data set without files.

As a program it writes pictures of scenes that are in neither split:

    python source_demo.py DIR --count 6

and with --labels a data set for --data-source folder: DIR/images, DIR/labels
and DIR/classes.csv.
"""
import os

import utils        # first: from here on Ctrl-C ends in one line
import numpy as np

import source
from segmentation import files, option_types, text
from segmentation.data import class_table, contract
from segmentation.drawing import overlay
from segmentation.synthetic import scenes, stage
from segmentation.terminal import command_line, progress

TRAINING, VALIDATION = 600, 40
OTHERS = 840            # number of the first scene that is in neither
MOST_BYTES = 1 << 29    # of the scenes that a source keeps


class DemoSource(source.DataSource):
    """Road scenes drawn from a seed; names take the place of files.

    Each is drawn once: a source keeps as many as fit into MOST_BYTES.
    """

    image_size = (256, 128)
    classes = stage.CLASSES
    reads_folder = False

    def __init__(self):
        self.drawn = {}     # {(seed, size, number): scene}

    def list_splits(self, data_dir, valid_fraction):
        """Return names as if the scenes were files in `data_dir`."""
        names = [os.path.join(data_dir, f'{k:04d}')
                 for k in range(VALIDATION + TRAINING)]
        pairs = [(f'{name}.png', f'{name}_ids.png') for name in names]
        return {'valid': pairs[:VALIDATION], 'train': pairs[VALIDATION:]}

    def check_pair(self, image_path, label_path):
        """Do nothing, as no file can be missing."""

    def read_pair(self, image_path, label_path):
        """Return the scene that a name stands for, which is read-only."""
        index = int(os.path.basename(image_path)[:4])
        key = self.seed, tuple(self.image_size), index
        scene = self.drawn.get(key)
        if scene is None:
            scene = self.draw(index)
            for array in scene:
                array.setflags(write=False)
            size = sum(array.nbytes for array in scene)
            if (len(self.drawn) + 1) * size <= MOST_BYTES:
                self.drawn[key] = scene
        return scene

    def draw(self, index):
        """Draw a scene: its picture (H, W, 3) BGR and class ids (H, W)."""
        random = np.random.RandomState([self.seed, index])
        return scenes.draw(random, *self.image_size)


def get_source():
    return DemoSource()


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Write synthetic road scenes as pictures.')
    parser.add_argument('directory', type=option_types.path,
                        help='folder to write them to')
    parser.add_argument('--count', type=option_types.positive(int), default=6,
                        help='how many (default: %(default)s)')
    parser.add_argument('--image-size', type=option_types.image_size,
                        metavar='WxH', default=DemoSource.image_size,
                        help='size in pixels (default: 256x128)')
    parser.add_argument('--labels', action='store_true',
                        help='write a data set: images/, labels/ and '
                             'classes.csv')
    parser.add_argument('--seed', type=option_types.seed, default=0,
                        help='another seed gives other scenes '
                             '(default: %(default)s)')
    return parser.parse_args(argv)


def write_table(path):
    """Write the classes as a table that source_folder.py reads."""
    rows = [class_table.Row(name, None, color, False)
            for name, color in stage.CLASSES]
    if os.path.exists(path) and class_table.read(path) != rows:
        raise FileExistsError(f'{path} exists and has other classes: it '
                              'is not replaced')
    class_table.write(path, rows, [''] * len(rows))


def main(argv=None):
    options = parse_options(argv)
    demo = get_source()
    contract.configure(demo, seed=options.seed, image_size=options.image_size)
    images, labels = (os.path.join(options.directory, name) if options.labels
                      else options.directory for name in ('images', 'labels'))
    os.makedirs(images, exist_ok=True)
    os.makedirs(labels, exist_ok=True)
    utils.remove_leftovers([options.directory, images, labels])
    if options.labels:
        write_table(os.path.join(options.directory, 'classes.csv'))
    for k in progress.track(range(options.count), options.count, 'drawing',
                            'scene'):
        image, ids = demo.draw(OTHERS + k)
        name = f'scene_{k:02d}.png'
        files.write_image(os.path.join(images, name), image)
        if options.labels:
            files.write_image(os.path.join(labels, name), overlay.colors_of(
                ids, demo.label_colors))
    print(f'[i] {text.counted(options.count, "scene")} in '
          f'{options.directory}')


if __name__ == '__main__':
    utils.run(main)
