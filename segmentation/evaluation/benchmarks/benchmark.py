"""The seam of a benchmark: what evaluate.py asks of one."""
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from segmentation.data.data_source import DataSource
from segmentation.evaluation.submission import Writer

if TYPE_CHECKING:
    from segmentation.inference.prediction import Prediction

Pair = Tuple[str, Optional[str]]    # picture and label; None without a label


class Benchmark:
    """The rules of a benchmark, and the files that it wants submitted.

    Parameters
    ----------
    source : DataSource
        The data set of the benchmark.
    export : Writer, optional
        For predictions as the benchmark wants them.

    Attributes
    ----------
    writers : tuple of str
        The names of the writers that the constructor takes.
    """

    writers: Tuple[str, ...] = ('export',)

    def __init__(self, source: DataSource, export: Optional[Writer] = None):
        self.source = source
        self.export = export
        self.names: Dict[str, str] = {}     # {picture: file to submit}

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

    def report(self, names: Sequence[str], benchmark_counts: Sequence[Any]
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
