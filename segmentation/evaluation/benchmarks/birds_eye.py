"""KITTI road's bird's-eye view: the plane of the road, seen from above.

It is 20 m wide and 40 m long, 0.05 m a pixel: 800 rows by 400 columns. The
road's frame is in metres, x to the right, y down and z ahead; its plane is
y = 0. Row 0 is the far end. The centre of the pixel at row r and column c is
at x = -10 + 0.05 (c + 0.5) and z = 46 - 0.05 (r + 0.5).

References
----------
Fritsch, Kuehnl and Geiger 2013, 'A new performance measure and evaluation
benchmark for road detection algorithms'. Written from its formulas.
"""
import cv2
import numpy as np

from segmentation import pixels

X_RANGE = (-10, 10)         # metres, left and right of the car
Z_RANGE = (6, 46)           # metres ahead
METRES = .05                # the side of a pixel
SHAPE = (800, 400)          # rows, columns


def homography(calibration):
    """Return the (3, 3) matrix from pixels of the view to the picture's.

    It takes (column, row, 1) of the view to (x w, y w, w) of the picture;
    integers are pixel centres in both. w is the depth in metres, below 0
    behind the camera.

    Parameters
    ----------
    calibration : {name: array}
        P2 (3, 4), R0_rect (3, 3) and Tr_cam_to_road (3, 4), as
        `kitti_road.read_calibration` returns them.
    """
    to_camera = np.linalg.inv(square(calibration['Tr_cam_to_road']))
    project = (np.asarray(calibration['P2'], float)
               @ square(calibration['R0_rect']) @ to_camera)    # [3, 4]
    to_ground = [[METRES, 0, X_RANGE[0] + METRES / 2],
                 [0, -METRES, Z_RANGE[1] - METRES / 2],
                 [0, 0, 1]]                 # (column, row, 1) to (x, z, 1)
    return project[:, (0, 2, 3)] @ to_ground        # y is 0 on the ground


def square(matrix):
    """Return a (3, 3) or (3, 4) matrix as (4, 4), for homogeneous points."""
    matrix = np.asarray(matrix, float)
    full = np.eye(4)
    full[:3, :matrix.shape[1]] = matrix
    return full


def picture_points(calibration):
    """Return where each pixel of the view lies in the picture.

    Returns
    -------
    x, y : (800, 400) float64 arrays
        In pixels; both are -1 behind the camera.
    """
    rows, columns = np.indices(SHAPE)
    points = np.stack([columns, rows, np.ones(SHAPE)])      # [3, 800, 400]
    x, y, depth = np.tensordot(homography(calibration), points, axes=1)
    ahead = depth > 0
    return tuple(np.divide(value, depth, out=np.full(SHAPE, -1.), where=ahead)
                 for value in (x, y))


def view(image, calibration, interpolation=cv2.INTER_LINEAR):
    """Return a picture, its confidences or its truth as seen from above.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array, uint8 or float32
    calibration : {name: array}
        As for `homography`.
    interpolation : cv2.INTER_LINEAR or cv2.INTER_NEAREST
        Linear for pictures and confidences, nearest for class ids.

    Returns
    -------
    (800, 400) or (800, 400, 3) array
        Where the picture does not reach, IGNORE by INTER_NEAREST and else 0.
    """
    height, width = image.shape[:2]
    x, y = picture_points(calibration)
    inside = ((x >= -.5) & (x < width - .5) & (y >= -.5) & (y < height - .5))
    # Within half a pixel of the border there is nothing to blend with.
    seen = cv2.remap(image, x.astype(np.float32), y.astype(np.float32),
                     interpolation, borderMode=cv2.BORDER_REPLICATE)
    seen[~inside] = pixels.IGNORE if interpolation == cv2.INTER_NEAREST else 0
    return seen
