"""Draw what the blending of tiles does: side by side, blended, as a whole.

    python docs/tiles.py RUN OUTPUT

RUN is trained on the demo, such as demo/run of `make demo`. The picture is a
synthetic scene that is in none of its splits; lines show where tiles end.
"""
import argparse
import os
import sys

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import segmentation  # noqa: E402
import utils  # noqa: E402
from segmentation import files  # noqa: E402
from segmentation.drawing import canvas, overlay  # noqa: E402
from segmentation.inference.tiles import layout  # noqa: E402
from segmentation.synthetic import scenes  # noqa: E402

SIZE, TILE, SEED = (768, 128), (256, 128), 9
ROWS = (('tiles of 256x128, side by side', {'tiles': TILE, 'overlap': 0}),
        ('tiles that overlap, blended', {'tiles': TILE, 'overlap': 32}),
        ('the picture as a whole', {'native': True}))
INK = (255, 255, 255)
STEP = 16       # levels of probability that look alike, for a smaller file


def draw_ends(image, overlap=None):
    """Draw where tiles begin and end inside a picture, in broken lines."""
    if overlap is None:
        return
    for side, tile, view in ((SIZE[0], TILE[0], image.swapaxes(0, 1)),
                             (SIZE[1], TILE[1], image)):
        starts = layout.axis(side, tile, overlap).starts
        for place in {*starts[1:], *(start + tile for start in starts[:-1])}:
            for k in range(0, view.shape[1], 8):
                view[place, k:k + 3] = INK


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Draw what the blending of tiles does.')
    for name in ('run', 'output'):
        parser.add_argument(name)
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    image, _ = scenes.draw(np.random.RandomState(SEED), *SIZE)
    pictures = []
    for text, settings in ROWS:
        with segmentation.load(options.run, **settings) as model:
            prediction = model.predict(image)
        road = cv2.applyColorMap(
            prediction.levels(model.class_names.index('road')) // STEP * STEP,
            cv2.COLORMAP_VIRIDIS)
        classes = overlay.colors_of(prediction.ids, model.label_colors)
        for part in (classes, road):
            draw_ends(part, settings.get('overlap'))
        pictures += [canvas.caption(classes, f'classes: {text}'),
                     canvas.caption(road, f'probability of road: {text}')]
    files.write_image(options.output,
                      np.vstack(pictures[::2] + pictures[1::2]),
                      (cv2.IMWRITE_PNG_COMPRESSION, 9))


if __name__ == '__main__':
    utils.run(main)
