"""Synthetic road scenes with exact labels, drawn in memory from a seed.

The world is in metres: x to the right of the road's middle, y up, z ahead
of the camera.  The ground is painted pixel by pixel, everything standing
on it as polygons from far to near, so that occlusion comes out right.
Only sums, products and quotients are used, because sin and exp differ in
the last bit between NumPy versions and the same seed must give the same
bytes.  Colours are RGB here and become BGR in the last step of draw.
"""
import collections

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

# How strongly the noise shows on each class, in the order of CLASSES.
GRAIN = np.float32((.06, .08, .1, .1, .22, .02, .05))

SCALE = 2     # drawn this many times larger than wanted, to smooth the edges
NEAR = 1.5    # metres; nothing is drawn nearer than this
FAR = 95.     # metres; here the skyline begins
STOREY = 3.1  # metres

# the corners of a twelve-sided circle of radius 1
CIRCLE = np.array(((1, 0), (.866, .5), (.5, .866), (0, 1), (-.5, .866),
                   (-.866, .5), (-1, 0), (-.866, -.5), (-.5, -.866),
                   (0, -1), (.5, -.866), (.866, -.5)))


def disc(centre, across, up):
    """Return the corners of an ellipse with the given half axes."""
    return (CIRCLE[:, :1] * across + CIRCLE[:, 1:] * up + centre).tolist()


def wheel(z, size):
    """Return a wheel in shares of a car's half width, height and length."""
    return disc((1, .21, z), (0, 0, .078 * size), (0, .22 * size, 0))


# sky above, sky at the horizon, light, how dark a shadow is, metres of
# clear view, share of windows that are lit
Time = collections.namedtuple('Time', 'zenith horizon light dark view lit')
TIMES = (
    Time((58, 116, 196), (190, 216, 236), (1.08, 1.05, 1.0), .5, 230., 0.),
    Time((84, 140, 205), (214, 224, 228), (1.06, 1.02, .95), .45, 150., 0.),
    Time((150, 160, 172), (205, 209, 212), (.9, .93, .97), .12, 110., .05),
    Time((96, 124, 176), (250, 206, 150), (1.12, .96, .78), .5, 130., .08),
    Time((50, 66, 118), (232, 150, 118), (.74, .68, .76), .2, 110., .45))

# width of the pavement, share of the length built up, storeys, metres
# between trees
Side = collections.namedtuple('Side', 'pavement built storeys trees')
SIDES = (Side((3.5, 5.), .95, (3, 7), 17.),
         Side((2.5, 4.), .85, (2, 5), 13.),
         Side((1.6, 2.5), .45, (2, 3), 9.),
         Side((1.4, 2.2), .1, (2, 3), 7.))

WALLS = ((172, 96, 78), (206, 178, 138), (214, 206, 192), (150, 148, 146),
         (196, 152, 96), (168, 128, 110), (128, 118, 116), (186, 190, 186))
ROOFS = ((126, 64, 50), (84, 80, 84), (100, 84, 74))
PAINTS = ((168, 28, 30), (36, 66, 138), (232, 232, 230), (34, 36, 40),
          (150, 154, 160), (214, 168, 40), (58, 104, 84), (96, 100, 108))
LEAVES = ((88, 124, 46), (66, 104, 48), (112, 132, 52), (146, 122, 48),
          (54, 86, 50))
GROUND = np.float32(((96, 96, 100), (160, 152, 146), (0, 0, 0), (0, 0, 0),
                     (92, 126, 48)))     # by class number

# A car in shares of its half width, height and length, far parts first.
# 'face': the right half of an outline, closed by its mirror image; 'side':
# on the side that is seen; 'both': once on either side. 'paint' and
# 'lamp' differ from car to car.
CAR_PARTS = (
    ('both', (22, 22, 24), 1, ((.55, 0, .03), (.95, 0, .03),
                               (.95, .3, .03), (.55, .3, .03))),
    ('side', 'paint', .72, ((1, .17, .03), (1, .25, 0), (1, .56, 0),
                            (.97, .6, .02), (.98, .6, .75),
                            (.98, .54, .98), (1, .2, 1))),
    ('side', (24, 24, 26), 1, wheel(.19, 1)),
    ('side', (150, 152, 156), 1, wheel(.19, .55)),
    ('side', (24, 24, 26), 1, wheel(.81, 1)),
    ('side', (150, 152, 156), 1, wheel(.81, .55)),
    ('side', 'paint', .8, ((.98, .5, .02), (.97, .6, .02), (.76, .97, .2),
                           (.76, .98, .6), (.96, .56, .86))),
    ('side', (44, 54, 64), 1, ((.93, .66, .14), (.79, .92, .24),
                               (.79, .92, .4), (.94, .66, .4))),
    ('side', (44, 54, 64), 1, ((.94, .66, .43), (.79, .92, .43),
                               (.79, .92, .57), (.94, .66, .72))),
    ('face', 'paint', 1.2, ((.76, .97, .2), (.74, 1, .35), (.74, .98, .62))),
    ('face', 'paint', .9, ((.97, .6, .02), (.76, .97, .2))),
    ('face', (50, 62, 74), 1, ((.85, .64, .04), (.69, .93, .18))),
    ('face', (120, 138, 150), 1, ((.4, .8, .11), (.69, .93, .18))),
    ('face', 'paint', 1, ((.9, .15, 0), (1, .24, 0), (1, .5, 0),
                          (.95, .62, 0))),
    ('face', (40, 40, 44), 1, ((.88, .15, 0), (.98, .22, 0), (.98, .3, 0))),
    ('both', 'lamp', 1, ((.66, .44, 0), (.97, .42, 0), (.96, .56, 0),
                         (.7, .55, 0))),
    ('face', (226, 224, 210), 1, ((.24, .36, 0), (.24, .45, 0))))
SIGNS = (((196, 40, 40), (238, 236, 230)), ((28, 78, 170), (226, 232, 240)),
         ((236, 236, 230), (232, 186, 40)))        # rim, field
LAMPS = ((206, 26, 22), (250, 246, 224))    # seen from behind, from ahead
CAR_SIZES = ((1.78, 1.46, 4.3), (1.72, 1.5, 3.7), (1.9, 1.75, 4.6),
             (1.95, 2.3, 5.2))              # width, height, length

# focal length and vanishing point in pixels of the canvas; the camera is
# `height` metres up and `aside` metres right of the middle of the road,
# which bends by `bend` z^2 metres
Camera = collections.namedtuple('Camera', 'focal u v height aside bend')
Canvas = collections.namedtuple('Canvas', 'image ids camera noise time sun')
# what stands on the ground: its nearest middle point, its size, its kind
Item = collections.namedtuple('Item', 'draw x z width height length kind')


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
        Class numbers, places in CLASSES.
    """
    size = width * SCALE, height * SCALE
    half_road = rng.uniform(3.2, 6.)
    canvas = Canvas(
        image=np.zeros((size[1], size[0], 3), np.float32),
        ids=np.full((size[1], size[0]), SKY, np.uint8),
        camera=Camera(focal=size[0] * rng.uniform(.75, .95),
                      u=size[0] * rng.uniform(.36, .64),
                      v=size[1] * rng.uniform(.4, .52),
                      height=rng.uniform(1.4, 2.1),
                      aside=half_road * rng.uniform(.2, .45),
                      bend=rng.uniform(-.005, .005)),
        noise=make_noise(rng, size, 64),
        time=TIMES[rng.randint(len(TIMES))],
        # the shadow of a metre: metres to the right, metres ahead
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


def haze(canvas, colour, z):
    """Mix a colour with the horizon's, the more the further away."""
    share = z / (z + canvas.time.view)
    light = np.multiply(colour, canvas.time.light)
    return light * (1 - share) + np.multiply(canvas.time.horizon, share)


def paint(canvas, class_id, colour, polygons, z):
    """Fill (n, corners, 3) polygons, z metres away, as one class."""
    pixels = np.rint(project(canvas.camera, polygons) * 16).astype(np.int32)
    colour = tuple(haze(canvas, colour, z).tolist())
    cv2.fillPoly(canvas.image, list(pixels), colour, shift=4)
    cv2.fillPoly(canvas.ids, list(pixels), class_id, shift=4)


def stand(canvas, class_id, colour, x0, x1, y0, y1, z):
    """Paint a rectangle that faces the camera."""
    paint(canvas, class_id, colour,
          [((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z))], z)


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
            width, height, length = CAR_SIZES[rng.randint(len(CAR_SIZES))]
            items.append(Item(draw_car, x + rng.uniform(-.2, .2), z, width,
                              height, length, facing))
            z += length + rng.uniform(1.5, step * 1.5)
    return items


def place_side(rng, sign, side, kerb, wall):
    """Return buildings, trees and poles along one side of the road."""
    items = []
    z = NEAR - rng.uniform(0, 6)
    setback = 0 if side.built > .8 else rng.uniform(2, 5)
    while z < FAR:
        length = rng.uniform(8, 16)
        if rng.uniform() < side.built:
            storeys = rng.randint(side.storeys[0], side.storeys[1] + 1)
            items.append(Item(draw_building, sign * (wall + setback), z, 12.,
                              storeys * STOREY + .6, length, storeys))
        z += length + rng.choice((0., 0., 3.))
    for draw_one, step, start, end in ((draw_tree, side.trees, 7, 80),
                                       (draw_pole, 14., 7, 22)):
        z = start + rng.uniform(0, step)
        while z < end:
            x, width, low, high = (
                (kerb + .5, .42, 4.5, 7.5) if draw_one is draw_pole else
                (wall + rng.uniform(-.8, .5), rng.uniform(3, 5), 4.5, 8.5))
            items.append(Item(draw_one, sign * x, z, width,
                              rng.uniform(low, high), .3, rng.randint(60)))
            z += step * rng.uniform(.6, 1.4)
    return items


def draw_sky(canvas, rng):
    """Fill the canvas with a gradient and clouds."""
    height, width = canvas.ids.shape
    low = np.linspace(0, 1, int(canvas.camera.v) + 1)[:, None]
    low = np.float32(low * low)
    cover = cv2.resize(make_noise(rng, (width // 4, height // 2), 32),
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
            if under and item.draw is not draw_car:
                continue
            x = item.x + item.width / 2 * np.array(
                (0, 2 * np.sign(item.x)) if item.draw is draw_building
                else (-1, 1))
            foot = np.array([(a, 0, z) for a in x
                             for z in (item.z, item.z + item.length)])
            tip = foot + np.multiply((canvas.sun[0], 0, canvas.sun[1]),
                                     0 if under else item.height)
            corners = project(canvas.camera, np.concatenate((foot, tip)))
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
    ids[:] = ROAD
    ids[beyond >= 0] = SIDEWALK
    ids[beyond >= np.where(x < 0, *np.float32(pavements))] = VEGETATION
    grain = cv2.remap(canvas.noise, x * 24, np.repeat(z * 10, x.shape[1], 1),
                      cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    near = 10 / (10 + z)
    tone = 1 + near * grain * np.float32((.16, .16, 0, 0, .55))[ids]
    tone -= .1 * np.clip(1.2 - np.abs(np.abs(x) - half_road / 2), 0, 1)
    joints = (ids == SIDEWALK) & ((z % 1.2 < .1) | (beyond % 1.2 < .06))
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
    for z, tallest, class_id, colour in (
            (FAR * 2, 26, VEGETATION, (96, 116, 84)),
            (FAR * 1.5, 22, BUILDING, (140, 136, 140)),
            (FAR, 9, VEGETATION, (70, 94, 52))):
        x = np.linspace(-1.2, 1.2, 49) * z - canvas.camera.bend * z * z
        y = tallest * rng.uniform(.2, 1, 49)
        if class_id == BUILDING:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]    # steps
        x = np.concatenate((x, x[[-1, 0]]))
        y = np.concatenate((y, (0, 0)))
        paint(canvas, class_id, colour, [np.stack((x, y, z + 0 * x), 1)], z)


def draw_wall(canvas, rng, colour, start, end, height, storeys):
    """Draw a wall with windows between two (x, z) points on the ground."""
    (x0, z0), (x1, z1) = start, end
    z = (z0 + z1) / 2

    def fill(colour, left, right, bottom, top):
        along = np.stack((left, right, right, left), -1)
        up = np.stack((bottom, bottom, top, top), -1)
        paint(canvas, BUILDING, colour, np.stack(
            (x0 + (x1 - x0) * along, up, z0 + (z1 - z0) * along), -1), z)

    fill(colour, *np.array(((0,), (1,), (0,), (height,))))
    fill(np.multiply(colour, 1.2),
         *np.array(((0,), (1,), (height - .35,), (height,))))
    columns = max(2, int((abs(x1 - x0) + abs(z1 - z0)) / 2.6))
    row, column = np.indices((storeys, columns)).reshape(2, -1)
    kind = rng.uniform(size=row.shape)
    lit = canvas.time.lit
    for tone, chosen in (((246, 206, 128), kind < lit),
                         ((58, 68, 80), (kind >= lit) & (kind < .88)),
                         ((150, 164, 178), kind >= max(lit, .88))):
        if chosen.any():
            across, floor = column[chosen], row[chosen] * STOREY
            fill(tone, (across + .24) / columns, (across + .76) / columns,
                 floor + np.where(floor, .9, .2), floor + 2.5)


def draw_building(canvas, rng, item):
    """Draw the wall along the road and the wall towards the camera."""
    colour = np.multiply(WALLS[rng.randint(len(WALLS))],
                         rng.uniform(.85, 1.1))
    back = item.x + np.sign(item.x) * item.width
    sunny = item.x * canvas.sun[0] < 0
    z0, z1 = max(item.z, NEAR), item.z + item.length
    if z1 <= NEAR:
        return
    dark = canvas.time.dark
    draw_wall(canvas, rng, colour * (1 - .7 * dark), (item.x, z0),
              (back, z0), item.height, item.kind)
    draw_wall(canvas, rng, colour * (1.05 if sunny else 1 - .45 * dark),
              (item.x, z0), (item.x, z1), item.height, item.kind)
    if item.kind < 4:
        roof = ROOFS[rng.randint(len(ROOFS))]
        inward, top, ridge = (back - item.x) / 10, item.height, 2.4
        edge, eave = item.x + inward, (item.x, top)
        for corners, tone in (
                ((eave + (z0,), (edge, top + ridge, z0),
                  (back - inward, top + ridge, z0), (back, top, z0)), .8),
                ((eave + (z0,), eave + (z1,), (edge, top + ridge, z1),
                  (edge, top + ridge, z0)), 1.05 if sunny else .9)):
            paint(canvas, BUILDING, np.multiply(roof, tone), [corners],
                  (z0 + z1) / 2)


def draw_tree(canvas, rng, item):
    """Draw a trunk and a crown whose edge and light follow the noise."""
    half = item.width * .04
    stand(canvas, VEGETATION, (84, 66, 52), item.x - half, item.x + half, 0,
          item.height * .6, item.z)
    corners = project(canvas.camera, (
        (item.x - item.width / 2, item.height, item.z),
        (item.x + item.width / 2, item.height * .3, item.z)))
    (u0, v0), (u1, v1) = np.rint(corners).astype(int)
    height, width = canvas.ids.shape
    taper = (0, 0, .8)[rng.randint(3)]
    row, column = rng.randint(0, height // 2), rng.randint(0, width // 2)
    colour = rng.uniform(.8, 1.1) * haze(
        canvas, LEAVES[item.kind % len(LEAVES)], item.z)
    window = (slice(max(v0, 0), min(v1, height)),
              slice(max(u0, 0), min(u1, width)))
    if window[0].start >= window[0].stop or window[1].start >= window[1].stop:
        return
    v, u = np.ogrid[window]
    v = np.float32((v - v0) * 2. / (v1 - v0) - 1)    # -1 top, 1 bottom
    u = np.float32((u - u0) * 2. / (u1 - u0) - 1)
    patch = canvas.noise[row:row + height // 2, column:column + width // 4]
    leaves = cv2.resize(patch, (u1 - u0, v1 - v0))[
        window[0].start - v0:window[0].stop - v0,
        window[1].start - u0:window[1].stop - u0]
    across = u / (1 - taper * (1 - v) / 2)
    crown = across * across + v * v < .75 + .5 * leaves
    sunward = -1 if canvas.sun[0] > 0 else 1
    light = 1 + .8 * leaves - .3 * v + .3 * sunward * u
    canvas.image[window][crown] = light[crown][:, None] * np.float32(colour)
    canvas.ids[window][crown] = VEGETATION


def draw_car(canvas, rng, item):
    """Draw a car from CAR_PARTS; its kind is 0 from behind, 1 from ahead."""
    colours = {'paint': np.multiply(PAINTS[rng.randint(len(PAINTS))],
                                    rng.uniform(.85, 1.1)),
               'lamp': LAMPS[item.kind]}
    # on a bend a car is turned with the road, which may show its other side
    turn = canvas.camera.bend * item.z * item.z
    seen = 1 if item.x - canvas.camera.aside < turn else -1
    size = item.width / 2, item.height, item.length
    base = item.x, 0, item.z
    for how, key, light, points in CAR_PARTS:
        right = np.multiply(points, size)
        left = right * (-1, 1, 1)
        polygons = {'face': [np.concatenate((right, left[::-1]))],
                    'side': [right if seen > 0 else left],
                    'both': [right, left]}[how]
        paint(canvas, CAR, np.multiply(colours.get(key, key), light),
              [polygon + base for polygon in polygons], item.z)


def draw_pole(canvas, rng, item):
    """Draw a street lamp, a traffic sign or a traffic light."""
    x, z, half = item.x, item.z, item.width / 2
    inward = -np.sign(x)
    bright = x - half * np.sign(canvas.sun[0])
    grey = np.multiply((104, 108, 110), rng.uniform(.6, 1.3))
    kind = item.kind % 3
    top = item.height * (1, .6, .6)[kind]
    lamp = rng.randint(2)
    rows = [(grey, x - half, x + half, 0, top),
            (grey * 1.35, bright, (bright + x) / 2, 0, top)]
    rows += ([(grey * .9, x, x + inward * 1.8, top - .25, top),
              ((236, 226, 190), x + inward * 1.2, x + inward * 2, top - .3,
               top)],
             [],
             [((34, 36, 38), x - .32, x + .32, top - .9, top + .5),
              (((230, 50, 40), (60, 210, 120))[lamp], x - .16, x + .16,
               top + .05 - .8 * lamp, top + .4 - .8 * lamp)])[kind]
    for row in rows:
        stand(canvas, POLE, *row, z)
    if kind == 1:
        for colour, radius in zip(SIGNS[item.kind // 3 % 3], (.45, .31)):
            paint(canvas, POLE, colour,
                  [disc((x, top, z), (radius, 0, 0), (0, radius, 0))], z)


def expose(canvas, rng, size):
    """Return what the sensor sees: grain, smooth edges, exposure, noise."""
    grain = 1 + GRAIN[canvas.ids] * canvas.noise
    image = cv2.multiply(canvas.image, cv2.merge([grain] * 3))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (3, 3), rng.uniform(.35, .6))
    image = (image - 110) * rng.uniform(1., 1.25) + rng.uniform(100, 124)
    noise = np.float32(rng.randint(0, 256, (2,) + image.shape, np.uint8))
    image += (noise[0] - noise[1]) * rng.uniform(.01, .04)
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return image[..., ::-1].copy(), canvas.ids[1::SCALE, 1::SCALE].copy()
