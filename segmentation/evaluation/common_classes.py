"""Scores on a data set of other classes, by those that have a counterpart.

A table says which class of the model is which of the data set:

    model,data
    road,Road
    sidewalk,Pavement
    car,Car
    truck,Car

Classes that rows connect are one common class, with the name of the data
set's if it is one. Pixels whose true class is in no row are not scored. A
class of the model that is in no row takes no part: each pixel gets the
likeliest of the others.
"""
import csv
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from segmentation import pixels, text
from segmentation.data import background, cache, contract
from segmentation.errors import InputError
from segmentation.inference.prediction import Prediction
from segmentation.inference.tta import TestTimeAugmentation
from segmentation.trained import exported, lookup

COLUMNS = ['model', 'data']


class CommonClasses(NamedTuple):
    """K classes that a model and a data set have in common."""

    names: List[str]
    colors: Dict[int, Any]  # {class id: (blue, green, red)}
    weights: np.ndarray     # (C of the model, K): 1 where a class is in one
    class_ids: np.ndarray   # (256,) uint8: of the data set's -> the common

    def of_model(self, model: lookup.Model) -> lookup.Model:
        """Return a model with the names and colours of these classes."""
        model = model._replace(class_names=self.names,
                               label_colors=self.colors)
        if isinstance(model, exported.Exported):
            return model._replace(description=dict(model.description,
                                                   background=[]))
        return model._replace(background=())


class MappedSource:
    """A data source whose label files are read as common classes.

    Parameters
    ----------
    source : data source
        It lists its files.
    common : CommonClasses
    """

    def __init__(self, source: contract.Source,
                 common: CommonClasses) -> None:
        self.source, self.common = source, common
        self.splits = contract.ask(source, 'splits')
        self.num_classes = len(common.names)
        self.class_names, self.label_colors = common.names, common.colors

    def identity(self):
        """Return a text that differs where label files are read otherwise."""
        return repr([cache.identity(self.source), self.common.names,
                     self.common.weights.tolist(),
                     self.common.class_ids.tolist()])

    def check_pair(self, image_path, label_path):
        """Raise where a file of a pair is missing."""
        contract.check_pair(self.source, image_path, label_path)

    def read_pair(self, image_path, label_path):
        """Read a picture (H, W, 3) BGR and its class ids (H, W), uint8."""
        image, ids = self.source.read_pair(image_path, label_path)
        return image, pixels.look_up(ids, self.common.class_ids)


class MappedAugmentation(TestTimeAugmentation):
    """A TestTimeAugmentation that predicts common classes."""

    def __init__(self, augmentation: TestTimeAugmentation,
                 common: CommonClasses) -> None:
        super().__init__(augmentation.image_size, augmentation.scales,
                         augmentation.flip)
        self.weights = common.weights.astype(np.float32)

    def prediction(self, maps: Sequence[np.ndarray],
                   size: Tuple[int, int]) -> Prediction:
        """Return the mean of the maps of all `inputs`, at (width, height)."""
        mapped = []
        for probabilities in maps:
            shares = probabilities @ self.weights           # [h, w, K]
            total = np.maximum(shares.sum(axis=-1, keepdims=True), 1e-12)
            mapped.append(shares / total)
        return super().prediction(mapped, size)


def add_option(group):
    """Add the option --map to a group of a parser."""
    group.add_argument('--map', metavar='FILE.csv',
                       help='score the classes that the model and a data set '
                            'of other classes have in common: a table '
                            'model,data of names')


def apply(path: str, model: lookup.Model, source: contract.Source,
          augmentation: TestTimeAugmentation, tune: Any = None
          ) -> Tuple[lookup.Model, MappedSource, MappedAugmentation]:
    """Return a model, a data source and an augmentation by a table.

    Raises
    ------
    InputError
        The source lists no files, or `tune` asks for the CRF to be tuned,
        which a run keeps for its own classes.
    """
    if tune:
        raise InputError('--tune is for the classes of the run: not with '
                         '--map')
    if contract.pairs(source, 'train') is None:
        raise InputError('--map: the data source lists no files')
    common = read(path, model, source)
    return (common.of_model(model), MappedSource(source, common),
            MappedAugmentation(augmentation, common))


def read(path: str, model: lookup.Model, source: Any) -> CommonClasses:
    """Read a table of the classes of a model and of a data source.

    Raises
    ------
    OSError
        There is no such file.
    InputError
        It is no such table, or names a class that there is not.
    """
    names, colors, _ = background.classes(source)
    groups: List[Tuple[set, set]] = []
    for number, ours, theirs in read_rows(path):
        mine = {find(ours, model.class_names, f'{path}, line {number}',
                     model.path)}
        other = {find(theirs, names, f'{path}, line {number}',
                      'the data set')}
        for group in [one for one in groups
                      if one[0] & mine or one[1] & other]:
            groups.remove(group)
            mine, other = mine | group[0], other | group[1]
        groups.append((mine, other))
    if len(groups) < 2:
        raise InputError(f'{path}: '
                         f'{text.counted(len(groups), "common class")}: two '
                         'or more are wanted')
    groups.sort(key=lambda group: min(group[1]))
    weights = np.zeros((len(model.class_names), len(groups)))
    class_ids = np.full(256, pixels.IGNORE, np.uint8)
    for number, (mine, other) in enumerate(groups):
        weights[sorted(mine), number] = 1
        class_ids[sorted(other)] = number
    return CommonClasses(
        ['/'.join(names[k] for k in sorted(other)) for _, other in groups],
        {number: colors[min(other)]
         for number, (_, other) in enumerate(groups)}, weights, class_ids)


def read_rows(path):
    """Yield (line, class of the model, class of the data set) of a table."""
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = [[cell.strip() for cell in row]
                    for row in csv.reader(file)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: no CSV in UTF-8: {error}')
    if not rows or rows[0] != COLUMNS:
        raise InputError(f'{path}: the first line is not '
                         f'{",".join(COLUMNS)}')
    for number, row in enumerate(rows[1:], 2):
        if len(row) > 1 and all(row[:2]):
            yield (number, *row[:2])
        elif any(row):
            raise InputError(f'{path}, line {number}: {",".join(row)!r}: a '
                             'class of the model and one of the data set are '
                             'wanted')


def find(name, names, where, whose):
    """Return the index of a class by its name."""
    if name not in names:
        raise InputError(f'{where}: {whose} has no class {name!r}: '
                         f'{text.suggest(name, names, "classes")}')
    return list(names).index(name)
