"""What there is in a synthetic road scene: houses, trees, cars and poles."""
import cv2
import numpy as np

from segmentation.synthetic import stage


def wheel(z, size):
    """Return a wheel in shares of a car's half width, height and length."""
    return stage.disc((1, .21, z), (0, 0, .078 * size), (0, .22 * size, 0))


WALLS = ((172, 96, 78), (206, 178, 138), (214, 206, 192), (150, 148, 146),
         (196, 152, 96), (168, 128, 110), (128, 118, 116), (186, 190, 186))
ROOFS = ((126, 64, 50), (84, 80, 84), (100, 84, 74))

PAINTS = ((168, 28, 30), (36, 66, 138), (232, 232, 230), (34, 36, 40),
          (150, 154, 160), (214, 168, 40), (58, 104, 84), (96, 100, 108))

LEAVES = ((88, 124, 46), (66, 104, 48), (112, 132, 52), (146, 122, 48),
          (54, 86, 50))

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


def draw_wall(canvas, rng, color, start, end, height, storeys):
    """Draw a wall with windows between two (x, z) points on the ground."""
    (x0, z0), (x1, z1) = start, end
    z = (z0 + z1) / 2

    def fill(color, left, right, bottom, top):
        along = np.stack((left, right, right, left), -1)
        up = np.stack((bottom, bottom, top, top), -1)
        stage.paint(canvas, stage.BUILDING, color, np.stack(
            (x0 + (x1 - x0) * along, up, z0 + (z1 - z0) * along), -1), z)

    fill(color, *np.array(((0,), (1,), (0,), (height,))))
    fill(np.multiply(color, 1.2),
         *np.array(((0,), (1,), (height - .35,), (height,))))
    columns = max(2, int((abs(x1 - x0) + abs(z1 - z0)) / 2.6))
    row, column = np.indices((storeys, columns)).reshape(2, -1)
    kind = rng.uniform(size=row.shape)
    lit = canvas.time.lit
    for tone, chosen in (((246, 206, 128), kind < lit),
                         ((58, 68, 80), (kind >= lit) & (kind < .88)),
                         ((150, 164, 178), kind >= max(lit, .88))):
        if chosen.any():
            across, floor = column[chosen], row[chosen] * stage.STOREY
            fill(tone, (across + .24) / columns, (across + .76) / columns,
                 floor + np.where(floor, .9, .2), floor + 2.5)


def draw_building(canvas, rng, item):
    """Draw the wall along the road and the wall towards the camera."""
    color = np.multiply(WALLS[rng.randint(len(WALLS))],
                        rng.uniform(.85, 1.1))
    back = item.x + np.sign(item.x) * item.width
    sunny = item.x * canvas.sun[0] < 0
    z0, z1 = max(item.z, stage.NEAR), item.z + item.length
    if z1 <= stage.NEAR:
        return
    dark = canvas.time.dark
    draw_wall(canvas, rng, color * (1 - .7 * dark), (item.x, z0),
              (back, z0), item.height, item.kind)
    draw_wall(canvas, rng, color * (1.05 if sunny else 1 - .45 * dark),
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
            stage.paint(canvas, stage.BUILDING, np.multiply(roof, tone),
                        [corners], (z0 + z1) / 2)


def draw_tree(canvas, rng, item):
    """Draw a trunk and a crown whose edge and light follow the noise."""
    half = item.width * .04
    stage.stand(canvas, stage.VEGETATION, (84, 66, 52), item.x - half,
                item.x + half, 0, item.height * .6, item.z)
    corners = stage.project(canvas.camera, (
        (item.x - item.width / 2, item.height, item.z),
        (item.x + item.width / 2, item.height * .3, item.z)))
    (u0, v0), (u1, v1) = np.rint(corners).astype(int)
    height, width = canvas.ids.shape
    taper = (0, 0, .8)[rng.randint(3)]
    row, column = rng.randint(0, height // 2), rng.randint(0, width // 2)
    color = rng.uniform(.8, 1.1) * stage.haze(
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
    canvas.image[window][crown] = light[crown][:, None] * np.float32(color)
    canvas.ids[window][crown] = stage.VEGETATION


def draw_car(canvas, rng, item):
    """Draw a car from CAR_PARTS; its kind is 0 from behind, 1 from ahead."""
    colors = {'paint': np.multiply(PAINTS[rng.randint(len(PAINTS))],
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
        stage.paint(canvas, stage.CAR,
                    np.multiply(colors.get(key, key), light),
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
        stage.stand(canvas, stage.POLE, *row, z)
    if kind == 1:
        for color, radius in zip(SIGNS[item.kind // 3 % 3], (.45, .31)):
            stage.paint(canvas, stage.POLE, color,
                        [stage.disc((x, top, z), (radius, 0, 0),
                                    (0, radius, 0))], z)
