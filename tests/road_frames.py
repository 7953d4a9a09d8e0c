"""Frames of KITTI road, a quarter of their size, drawn for tests."""
import os

import cv2
import numpy as np

SIZE = 310, 94
FRAMES = ('um_000000', 'um_000001', 'umm_000000', 'uu_000003')


def write_frame(folder, name, seed, labelled=True):
    """Write a frame whose road is dark, more or less, and its labels."""
    random = np.random.RandomState(seed)
    rows, columns = np.indices(SIZE[::-1])
    road = (rows > 50) & (abs(columns - 155) < 3 * (rows - 45))
    image = np.where(road, 90, 150)[..., None] + random.randint(
        -60, 60, SIZE[::-1] + (3,))
    for sub in ('image_2', 'gt_image_2'):
        os.makedirs(os.path.join(str(folder), sub), exist_ok=True)
    cv2.imwrite(os.path.join(str(folder), 'image_2', f'{name}.png'),
                image.astype(np.uint8))
    if labelled:
        label = np.where(road[..., None], (255, 0, 255), (0, 0, 255)).astype(
            np.uint8)
        label[:, :20] = 0
        cv2.imwrite(os.path.join(str(folder), 'gt_image_2', name.replace(
            '_', '_road_') + '.png'), label)
