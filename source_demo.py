"""Synthetic road scenes, drawn in memory: a data set without files.

As a program it writes pictures of scenes that are in neither split:

    python source_demo.py DIR --count 6

and with --labels a data set for --data-source folder: DIR/images, DIR/labels
and DIR/classes.csv; with --kitti one for --data-source kitti: road and not
road in the layout of KITTI road, with calibrations.
"""
import os

import utils        # first: from here on Ctrl-C ends in one line
import numpy as np

import source
import source_kitti
from segmentation import files, option_types, text
from segmentation.data import class_table, contract, kitti_road
from segmentation.drawing import overlay
from segmentation.synthetic import scenes, stage
from segmentation.terminal import command_line, progress

TRAINING, VALIDATION = 600, 40
OTHERS = 840            # number of the first scene that is in neither
KITTI_PREFIXES = ('um', 'umm', 'uu')
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
        return scenes.draw(self.random(index), *self.image_size)

    def calibrate(self, index):
        """Return the matrices of a scene's camera, as stage.calibrate does."""
        _, camera = scenes.place_camera(self.random(index), *self.image_size)
        return stage.calibrate(camera)

    def random(self, index):
        """Return the generator that a scene is drawn by."""
        return np.random.RandomState([self.seed, index])


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
    layout = parser.add_mutually_exclusive_group()
    layout.add_argument('--labels', action='store_true',
                        help='write a data set: images/, labels/ and '
                             'classes.csv')
    layout.add_argument('--kitti', action='store_true',
                        help='write a data set of road and not road as KITTI '
                             'road lays it out: training/image_2/, '
                             'gt_image_2/ and calib/')
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


def write_folder(demo, directory, count):
    """Write scenes, and their labels in colours, as source_folder.py reads."""
    images, labels = make_folders(directory, 'images', 'labels')
    write_table(os.path.join(directory, 'classes.csv'))
    for k in track(count):
        image, ids = demo.draw(OTHERS + k)
        name = f'scene_{k:02d}.png'
        files.write_image(os.path.join(images, name), image)
        files.write_image(os.path.join(labels, name),
                          overlay.colors_of(ids, demo.label_colors))


def write_kitti(demo, directory, count):
    """Write scenes as frames of KITTI road: um_, umm_ and uu_ in turn.

    Their numbers are those of the scenes, which KITTI's own do not reach.
    """
    root = os.path.join(directory, 'training')
    images, labels, _ = make_folders(root, 'image_2', 'gt_image_2', 'calib')
    names = [f'{KITTI_PREFIXES[k % 3]}_{OTHERS + k:06d}.png'
             for k in range(count)]
    others = [path for path in kitti_road.list_pictures(directory, 'training')
              if os.path.basename(path) not in names]
    if others:
        raise FileExistsError(f'{others[0]} is none of the {count} scenes: '
                              'nothing is added to it')
    colors = source_kitti.get_source().label_colors
    for k in track(count):
        image, ids = demo.draw(OTHERS + k)
        path = os.path.join(images, names[k])
        files.write_image(path, image)
        files.write_image(
            os.path.join(labels, kitti_road.road_name(path)),
            overlay.colors_of((ids == stage.ROAD).astype(np.uint8), colors))
        kitti_road.write_calibration(kitti_road.calibration_path(path),
                                     demo.calibrate(OTHERS + k))


def write_pictures(demo, directory, count):
    """Write scenes alone."""
    make_folders(directory, '')
    for k in track(count):
        image, _ = demo.draw(OTHERS + k)
        files.write_image(os.path.join(directory, f'scene_{k:02d}.png'), image)


def make_folders(root, *names):
    """Make folders, remove what was left in them, and return their paths."""
    folders = [os.path.join(root, name) for name in names]
    for folder in folders:
        os.makedirs(folder, exist_ok=True)
    utils.remove_leftovers([root] + folders)
    return folders


def track(count):
    """Count scenes up, and show it."""
    return progress.track(range(count), count, 'drawing', 'scene')


def main(argv=None):
    options = parse_options(argv)
    demo = get_source()
    contract.configure(demo, seed=options.seed, image_size=options.image_size)
    write = (write_kitti if options.kitti else write_folder if options.labels
             else write_pictures)
    write(demo, options.directory, options.count)
    print(f'[i] {text.counted(options.count, "scene")} in '
          f'{options.directory}')


if __name__ == '__main__':
    utils.run(main)
