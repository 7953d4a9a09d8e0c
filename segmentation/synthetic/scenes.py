"""Synthetic road scenes with exact labels, drawn in memory from a seed.

The world is in metres: x to the right of the road's middle, y up, z ahead of
the camera. The ground is painted pixel by pixel, everything standing on it as
polygons from far to near, so that occlusion comes out right. Only sums,
products and quotients are used, because sin and exp differ in the last bit
between NumPy versions and the same seed must give the same bytes. Colours are
RGB here and become BGR in the last step of `draw`.
"""
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from segmentation import pixels
from segmentation.synthetic import props, stage

# How strongly the noise shows on each class, in the order of CLASSES.
GRAIN = np.array((.06, .08, .1, .1, .22, .02, .05), np.float32)


class Side(NamedTuple):
    """One side of the road."""

    pavement: Tuple[float, float]   # metres wide, from and to
    built: float                    # share of the length with buildings
    storeys: Tuple[int, int]        # of a building, from and to
    trees: float                    # metres between trees


SIDES = (Side((3.5, 5.), .95, (3, 7), 17.),
         Side((2.5, 4.), .85, (2, 5), 13.),
         Side((1.6, 2.5), .45, (2, 3), 9.),
         Side((1.4, 2.2), .1, (2, 3), 7.))

GROUND = np.array(((96, 96, 100), (160, 152, 146), (0, 0, 0), (0, 0, 0),
                   (92, 126, 48)), np.float32)      # by class id


def draw(rng, width, height):
    """Draw a scene.

    Parameters
    ----------
    rng : numpy.random.RandomState
        The same state gives the same scene.
    width, height : int
        Size in pixels.

    Returns
    -------
    image : (H, W, 3) uint8 array
        The scene, BGR.
    ids : (H, W) uint8 array
        Class ids, indices of stage.CLASSES.
    """
    half_road, camera = place_camera(rng, width, height)
    size = width * stage.SCALE, height * stage.SCALE
    canvas = stage.Canvas(
        image=np.zeros((size[1], size[0], 3), np.float32),
        ids=np.full((size[1], size[0]), stage.SKY, np.uint8),
        camera=camera,
        noise=stage.make_noise(rng, size, 64),
        time=stage.TIMES[rng.randint(len(stage.TIMES))],
        sun=(rng.uniform(-.8, .8), rng.uniform(-.5, .6)))
    sides = [SIDES[rng.randint(len(SIDES))] for _ in range(2)]
    pavements = [rng.uniform(*side.pavement) for side in sides]
    items = place_traffic(rng, half_road)
    for sign, side, pavement in zip((-1, 1), sides, pavements):
        items += place_side(rng, sign, side, half_road, half_road + pavement)
    items.sort(key=lambda item: -item.z - item.length)
    draw_sky(canvas, rng)
    draw_ground(canvas, rng, half_road, pavements,
                draw_shadows(canvas, items))
    draw_skyline(canvas, rng)
    for item in items:
        item.draw(canvas, rng, item)
    return expose(canvas, rng, (width, height))


def place_camera(rng, width, height):
    """Return half the width of the road, in metres, and a stage.Camera.

    `draw` begins with them: the same state gives those of its scene.
    """
    width, height = width * stage.SCALE, height * stage.SCALE
    half_road = rng.uniform(3.2, 6.)
    return half_road, stage.Camera(focal=width * rng.uniform(.75, .95),
                                   u=width * rng.uniform(.36, .64),
                                   v=height * rng.uniform(.4, .52),
                                   height=rng.uniform(1.4, 2.1),
                                   aside=half_road * rng.uniform(.2, .45),
                                   bend=rng.uniform(-.005, .005))


def place_traffic(rng, half_road):
    """Return cars in both lanes and, where the road is wide, parked."""
    items = []
    lane = min(half_road / 2, 2.)
    lanes = [(lane, 0, 9., 26.), (-lane, 1, 8., 18.)]
    if half_road > 4.6:
        lanes += [(half_road - 1.1, 0, 7., 9.), (1.1 - half_road, 1, 7., 9.)]
    for x, facing, start, step in lanes:
        z = start + rng.uniform(0, step)
        while z < 60:
            width, height, length = props.CAR_SIZES[rng.randint(
                len(props.CAR_SIZES))]
            items.append(stage.Item(
                props.draw_car, x + rng.uniform(-.2, .2), z, width, height,
                length, facing))
            z += length + rng.uniform(1.5, step * 1.5)
    return items


def place_side(rng, sign, side, kerb, wall):
    """Return buildings, trees and poles along one side of the road."""
    items = []
    z = stage.NEAR - rng.uniform(0, 6)
    setback = 0 if side.built > .8 else rng.uniform(2, 5)
    while z < stage.FAR:
        length = rng.uniform(8, 16)
        if rng.uniform() < side.built:
            storeys = rng.randint(side.storeys[0], side.storeys[1] + 1)
            items.append(stage.Item(
                props.draw_building, sign * (wall + setback), z, 12.,
                storeys * stage.STOREY + .6, length, storeys))
        z += length + rng.choice((0., 0., 3.))
    for draw_one, step, start, end in ((props.draw_tree, side.trees, 7, 80),
                                       (props.draw_pole, 14., 7, 22)):
        z = start + rng.uniform(0, step)
        while z < end:
            x, width, low, high = (
                (kerb + .5, .42, 4.5, 7.5) if draw_one is props.draw_pole else
                (wall + rng.uniform(-.8, .5), rng.uniform(3, 5), 4.5, 8.5))
            items.append(stage.Item(
                draw_one, sign * x, z, width, rng.uniform(low, high), .3,
                rng.randint(60)))
            z += step * rng.uniform(.6, 1.4)
    return items


def draw_sky(canvas, rng):
    """Fill the canvas with a gradient and clouds."""
    height, width = canvas.ids.shape
    low = np.linspace(0, 1, int(canvas.camera.v) + 1)[:, None]
    low = np.float32(low * low)
    cover = cv2.resize(stage.make_noise(rng, (width // 4, height // 2), 32),
                       (width, len(low)), interpolation=cv2.INTER_LINEAR)
    cover = np.clip(cover * 1.4 + rng.uniform(-.7, .5), 0, .85)
    for channel in range(3):
        zenith = canvas.time.zenith[channel]
        horizon = canvas.time.horizon[channel]
        sky = zenith + (horizon - zenith) * low             # [v, 1]
        cloud = .75 * horizon + 64 - 40 * cover             # [v, W]
        canvas.image[:len(low), :, channel] = sky + (cloud - sky) * cover


def draw_shadows(canvas, items):
    """Return the (H, W) light on the ground, 1 where the sun reaches it."""
    light = np.ones(canvas.ids.shape, np.float32)
    for under in (False, True):
        for item in items:
            if under and item.draw is not props.draw_car:
                continue
            x = item.x + item.width / 2 * np.array(
                (0, 2 * np.sign(item.x)) if item.draw is props.draw_building
                else (-1, 1))
            foot = np.array([(a, 0, z) for a in x
                             for z in (item.z, item.z + item.length)])
            tip = foot + np.multiply((canvas.sun[0], 0, canvas.sun[1]),
                                     0 if under else item.height)
            corners = stage.project(canvas.camera, np.concatenate((foot, tip)))
            hull = cv2.convexHull(np.rint(corners).astype(np.int32))
            cv2.fillConvexPoly(light, hull,
                               .3 if under else 1 - canvas.time.dark)
    return cv2.blur(light, (5, 5))


def find_ground(canvas):
    """Return x (H - top, W) and z (H - top, 1), in metres, and top."""
    camera = canvas.camera
    height, width = canvas.ids.shape
    top = int(camera.v) + 1
    v, u = np.ogrid[top:height, 0:width]
    z = camera.focal * camera.height / (v + .5 - camera.v)
    x = np.float32((u + .5 - camera.u) / camera.focal) * np.float32(z)
    x += np.float32(camera.aside - camera.bend * z * z)
    return x, np.float32(z), top


def find_marks(rng, x, z, beyond):
    """Return where the road is painted: middle, edges and a crossing."""
    ahead = np.abs(z - rng.uniform(8, 60))
    return (((np.abs(x) < .09) & (z % 8 < 4))
            | (np.abs(beyond + .45) < .07)
            | ((beyond < -.4) & (ahead < 1.6) & (x % 1.1 < .55)))


def draw_ground(canvas, rng, half_road, pavements, light):
    """Paint road, markings, pavements and grass below the horizon."""
    x, z, top = find_ground(canvas)
    beyond = np.abs(x) - half_road          # metres beyond the kerb
    ids = canvas.ids[top:]
    ids[:] = stage.ROAD
    ids[beyond >= 0] = stage.SIDEWALK
    ids[beyond >= np.where(x < 0, *np.float32(pavements))] = stage.VEGETATION
    grain = cv2.remap(canvas.noise, x * 24, np.repeat(z * 10, x.shape[1], 1),
                      cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    near = 10 / (10 + z)
    tone = 1 + near * grain * np.float32((.16, .16, 0, 0, .55))[ids]
    tone -= .1 * np.clip(1.2 - np.abs(np.abs(x) - half_road / 2), 0, 1)
    joints = (ids == stage.SIDEWALK) & ((z % 1.2 < .1) | (beyond % 1.2 < .06))
    for change, where in ((-.3 * near, joints),
                          (.3, (beyond > 0) & (beyond < .22)),       # kerb
                          (-.35, (beyond > -.12) & (beyond <= 0))):  # gutter
        np.add(tone, change, out=tone, where=where)
    worn = np.clip(.85 + .5 * grain, 0, 1) * find_marks(rng, x, z, beyond)
    share = z / (z + canvas.time.view)
    light = light[top:] * (1 - share)
    # channel by channel: NumPy is slow on a last axis of three
    for channel in range(3):
        plane = GROUND[:, channel][ids] * tone
        plane += (228 - plane) * worn
        plane *= light * canvas.time.light[channel]
        plane += canvas.time.horizon[channel] * share
        canvas.image[top:, :, channel] = plane


def draw_skyline(canvas, rng):
    """Close the view with far hills and houses."""
    for z, tallest, class_id, color in (
            (stage.FAR * 2, 26, stage.VEGETATION, (96, 116, 84)),
            (stage.FAR * 1.5, 22, stage.BUILDING, (140, 136, 140)),
            (stage.FAR, 9, stage.VEGETATION, (70, 94, 52))):
        x = np.linspace(-1.2, 1.2, 49) * z - canvas.camera.bend * z * z
        y = tallest * rng.uniform(.2, 1, 49)
        if class_id == stage.BUILDING:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]    # steps
        x = np.concatenate((x, x[[-1, 0]]))
        y = np.concatenate((y, (0, 0)))
        stage.paint(canvas, class_id, color, [
                    np.stack((x, y, z + 0 * x), 1)], z)


def expose(canvas, rng, size):
    """Return what the sensor sees: grain, smooth edges, exposure, noise."""
    grain = 1 + GRAIN[canvas.ids] * canvas.noise
    image = cv2.multiply(canvas.image, cv2.merge([grain] * 3))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (3, 3), rng.uniform(.35, .6))
    image = (image - 110) * rng.uniform(1., 1.25) + rng.uniform(100, 124)
    noise = np.float32(rng.randint(0, 256, (2,) + image.shape, np.uint8))
    image += (noise[0] - noise[1]) * rng.uniform(.01, .04)
    image = pixels.to_uint8(image)
    ids = canvas.ids[1::stage.SCALE, 1::stage.SCALE]
    return image[..., ::-1].copy(), ids.copy()
