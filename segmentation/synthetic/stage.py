"""Where synthetic road scenes are drawn: camera, light, canvas, and paint.

The world is in metres: x to the right of the road's middle, y up, z ahead of
the camera. Colours are RGB here, as the classes of a source are.
"""
from typing import Callable, NamedTuple, Tuple

import cv2
import numpy as np

# The names and colours of Cityscapes (Cordts et al. 2016), RGB. Grass is
# vegetation, markings are road, lamps and signs belong to their pole.
CLASSES = (('road', (128, 64, 128)),
           ('sidewalk', (244, 35, 232)),
           ('building', (70, 70, 70)),
           ('pole', (153, 153, 153)),
           ('vegetation', (107, 142, 35)),
           ('sky', (70, 130, 180)),
           ('car', (0, 0, 142)))
ROAD, SIDEWALK, BUILDING, POLE, VEGETATION, SKY, CAR = range(len(CLASSES))
SCALE = 2     # drawn this many times larger than wanted, to smooth the edges
NEAR = 1.5    # metres; nothing is drawn nearer than this
FAR = 95.     # metres; here the skyline begins
STOREY = 3.1  # metres

# The corners of a twelve-sided circle of radius 1.
CIRCLE = np.array(((1, 0), (.866, .5), (.5, .866), (0, 1), (-.5, .866),
                   (-.866, .5), (-1, 0), (-.866, -.5), (-.5, -.866),
                   (0, -1), (.5, -.866), (.866, -.5)))


def disc(centre, across, up):
    """Return the corners of an ellipse with the given half axes."""
    return (CIRCLE[:, :1] * across + CIRCLE[:, 1:] * up + centre).tolist()


class Time(NamedTuple):
    """A time of the day."""

    zenith: tuple       # colour of the sky above
    horizon: tuple      # colour of the sky at the horizon
    light: tuple        # of each colour, as a factor
    dark: float         # share of the light that a shadow takes away
    view: float         # metres at which half of a colour is the horizon's
    lit: float          # share of windows that are lit


TIMES = (
    Time((58, 116, 196), (190, 216, 236), (1.08, 1.05, 1.0), .5, 230., 0.),
    Time((84, 140, 205), (214, 224, 228), (1.06, 1.02, .95), .45, 150., 0.),
    Time((150, 160, 172), (205, 209, 212), (.9, .93, .97), .12, 110., .05),
    Time((96, 124, 176), (250, 206, 150), (1.12, .96, .78), .5, 130., .08),
    Time((50, 66, 118), (232, 150, 118), (.74, .68, .76), .2, 110., .45))


class Camera(NamedTuple):
    """Where the camera is, and how it projects to the canvas."""

    focal: float        # focal length in pixels
    u: float            # vanishing point in pixels, from the left
    v: float            # and from the top
    height: float       # metres above the ground
    aside: float        # metres right of the middle of the road
    bend: float         # of the road: it is bend z^2 metres to the right at z


class Canvas(NamedTuple):
    """What a scene is drawn on."""

    image: np.ndarray   # (H, W, 3) float32, RGB
    ids: np.ndarray     # (H, W) uint8 class ids
    camera: Camera
    noise: np.ndarray   # (H, W) float32, about -1 to 1
    time: Time
    sun: Tuple[float, float]    # the shadow of a metre: metres along x and z


class Item(NamedTuple):
    """A thing on the ground; sizes and positions in metres."""

    draw: Callable      # function of (canvas, rng, item)
    x: float            # of the middle of its front
    z: float
    width: float
    height: float
    length: float
    kind: int           # as `draw` understands it


def make_noise(rng, size, coarsest):
    """Return (H, W) noise, about -1 to 1, in octaves of halving cells."""
    total = np.zeros(size[::-1], np.float32)
    cell, weight = coarsest, .45
    while cell >= 2:
        grid = rng.uniform(-weight, weight,
                           (size[1] // cell + 2, size[0] // cell + 2))
        total += cv2.resize(grid.astype(np.float32), size,
                            interpolation=cv2.INTER_CUBIC)
        cell, weight = cell // 2, weight * .85
    return total


def project(camera, points):
    """Project (..., 3) metres x, y, z to (..., 2) pixels of the canvas."""
    points = np.asarray(points, float)
    z = np.maximum(points[..., 2], NEAR)
    x = points[..., 0] - camera.aside + camera.bend * z * z
    pixels = np.empty(points.shape[:-1] + (2,))
    pixels[..., 0] = camera.u + camera.focal * x / z
    pixels[..., 1] = (camera.v
                      + camera.focal * (camera.height - points[..., 1]) / z)
    return pixels


def calibrate(camera):
    """Return a camera's matrices in the names and frames of KITTI road.

    Returns
    -------
    dict of name -> array
        P2 (3, 4) projects metres (x right, y down, z ahead of the camera) to
        pixels of the picture, whose centres are integers; R0_rect (3, 3);
        Tr_cam_to_road (3, 4) brings them to the road's plane, y = 0.
    """
    focal, u, v = np.divide((camera.focal, camera.u, camera.v), SCALE)
    level = np.eye(3, 4)
    level[1, 3] = -camera.height
    return {'P2': np.array([(focal, 0, u - .5, 0), (0, focal, v - .5, 0),
                            (0, 0, 1, 0)]),
            'R0_rect': np.eye(3), 'Tr_cam_to_road': level}


def haze(canvas, color, z):
    """Mix a colour with the horizon's, the more the further away."""
    share = z / (z + canvas.time.view)
    light = np.multiply(color, canvas.time.light)
    return light * (1 - share) + np.multiply(canvas.time.horizon, share)


def paint(canvas, class_id, color, polygons, z):
    """Fill (n, corners, 3) polygons, z metres away, as one class."""
    pixels = np.rint(project(canvas.camera, polygons) * 16).astype(np.int32)
    color = tuple(haze(canvas, color, z).tolist())
    cv2.fillPoly(canvas.image, list(pixels), color, shift=4)
    cv2.fillPoly(canvas.ids, list(pixels), class_id, shift=4)


def stand(canvas, class_id, color, x0, x1, y0, y1, z):
    """Paint a rectangle that faces the camera."""
    paint(canvas, class_id, color,
          [((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z))], z)
