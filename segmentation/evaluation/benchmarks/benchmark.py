"""The seam of a benchmark: what evaluate.py asks of one."""
from typing import (TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple)

import numpy as np

if TYPE_CHECKING:
    from segmentation.inference.prediction import Prediction

Pair = Tuple[str, Optional[str]]    # picture and label; None without a label


class Benchmark:
    """The rules of a benchmark, and the files that it wants submitted.

    It is made of a data source and, by the names in `writers`, of the
    submission.Writer objects that the user asks for.
    """

    writers: Tuple[str, ...] = ('export',)

    def list_test(self, data_dir: str) -> List[str]:
        """Return the paths of the pictures that are submitted unlabelled."""
        raise NotImplementedError

    def prepare(self, pairs: Sequence[Pair]) -> None:
        """Check, before the network runs, all that can be checked."""
        raise NotImplementedError

    def take(self, job: Pair, ids: np.ndarray, predicted: np.ndarray,
             prediction: 'Prediction') -> Any:
        """Write a prediction and count it; called in threads.

        Parameters
        ----------
        job : (picture path, label path)
            The label is None where the picture is only submitted.
        ids, predicted : (H, W) uint8 arrays
            True and predicted class ids.
        prediction : Prediction
            With the probabilities that `predicted` is taken from.

        Returns
        -------
        object
            What `report` gets of the picture; None where nothing counts.
        """
        raise NotImplementedError

    def report(self, names: Sequence[str], benchmark_counts: Sequence[Any],
               ) -> Tuple[Sequence[str], Dict[str, Any]]:
        """Sum up what `take` returned of each of the pictures `names`.

        Returns
        -------
        sequence of str
            Lines for the terminal.
        dict
            What the JSON of the scores has on top.
        """
        raise NotImplementedError
