"""A network that sees its pictures tile by tile, at their own resolution."""
import itertools
from typing import Any, Dict, Iterator, List

import numpy as np

from segmentation.inference.engines.engine import Engine, Wrapper
from segmentation.inference.tiles import blending, layout
from segmentation.trained import exported


class TiledEngine(Wrapper):
    """An Engine for pictures of any size, by one that is open.

    Parameters
    ----------
    engine : Engine
    tiles : Tiles
    batch_size : int
        Tiles that the engine takes at a time, unless its size is fixed.
    """

    def __init__(self, engine: Engine, tiles: layout.Tiles, batch_size: int
                 ) -> None:
        super().__init__(engine)
        self.tiles = tiles
        fixed = (engine.model.description['fixed_size']
                 if isinstance(engine.model, exported.Exported) else None)
        self.is_fixed = bool(fixed)
        self.batch_size = fixed[0] if fixed else batch_size

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Run the network on a batch of pictures, one after another.

        Parameters
        ----------
        images : (B, H, W, 3) array, BGR 0..255

        Returns
        -------
        (B, H, W, C) float32 array
        """
        result = np.empty(images.shape[:3] + (len(self.model.class_names),),
                          np.float32)
        for image, whole in zip(images, result):
            for block in self.blocks(image):
                part = whole[block.top:, block.left:]
                height, width = block.probabilities.shape[:2]
                part = part[:height, :width]
                part[:] = block.probabilities[:part.shape[0], :part.shape[1]]
        return result

    def blocks(self, image: np.ndarray) -> Iterator[blending.Block]:
        """Yield the Blocks of a picture (H, W, 3) of any size.

        Together they may reach beyond it, at right and below.
        """
        width, height = self.tiles.size
        rows = layout.axis(image.shape[0], height, self.tiles.overlap)
        columns = layout.axis(image.shape[1], width, self.tiles.overlap)
        results = self.engine.stream(self.batches(image, rows, columns))
        yield from blending.blend(itertools.chain.from_iterable(results),
                                  rows, columns)

    def batches(self, image: np.ndarray, rows: layout.Axis,
                columns: layout.Axis) -> Iterator[np.ndarray]:
        """Yield the tiles of a picture in batches, row by row.

        Where the size of a batch is fixed the last one is filled up.
        """
        width, height = self.tiles.size
        tiles = (image[np.ix_(layout.indices(top, height, image.shape[0]),
                              layout.indices(left, width, image.shape[1]))]
                 for top in rows.starts for left in columns.starts)
        while True:
            batch: List[np.ndarray] = list(itertools.islice(
                tiles, self.batch_size))
            if not batch:
                return
            if self.is_fixed:
                batch += batch[-1:] * (self.batch_size - len(batch))
            yield np.stack(batch)

    def describe(self) -> Dict[str, Any]:
        return dict(self.engine.describe(), tiles=list(self.tiles.size),
                    overlap=self.tiles.overlap)
