"""Draw what `make single` did: picture, truth, coarse and refined.

    python docs/single.py DATA_DIR COARSE_DIR REFINED_DIR OUTPUT

The picture and its truth are those of --data-source single in DATA_DIR, the
other two what infer.py --colors wrote to the two folders.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import utils  # noqa: E402
from segmentation import files, overwriting, pixels  # noqa: E402
from segmentation.data import loading  # noqa: E402
from segmentation.drawing import canvas, overlay  # noqa: E402

CAPTIONS = ('picture', 'truth', 'FCN-32s', 'FCN-32s and CRF')


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Draw picture, truth, coarse and refined prediction.')
    for name in ('data_dir', 'coarse_dir', 'refined_dir', 'output'):
        parser.add_argument(name)
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    source = loading.make_source('single', data_dir=options.data_dir)
    source.load_data(options.data_dir, None)
    pair = source.splits['valid'][0]
    image, ids = source.read_pair(*pair)
    name = os.path.relpath(pair[0], os.path.join(options.data_dir, 'images'))
    name = f'{os.path.splitext(name)[0]}.png'
    results = [os.path.join(folder, 'colors', name)
               for folder in (options.coarse_dir, options.refined_dir)]
    overwriting.check_outputs([options.output], [*pair, *results],
                              [options.data_dir])
    pictures = [image, overlay.colors_of(ids, source.label_colors),
                *map(pixels.read, results)]
    files.write_image(options.output, canvas.sheet(
        [canvas.caption(picture, text)
         for picture, text in zip(pictures, CAPTIONS)], columns=2))


if __name__ == '__main__':
    utils.run(main)
