"""What the training loop goes round: batches, each with what to feed.

    source -> pictures of a source, as they come            -> Batch
    source -> features of a frozen encoder, from its files  -> Batch

`feed` goes into the network; `images` are to look at, None in training on
features; `paths` name the samples.
"""
import collections

from segmentation.data import contract

Batch = collections.namedtuple('Batch', 'feed images labels paths')


class Pictures:
    """The samples of a data source, its pictures to be fed.

    Parameters
    ----------
    source : data source
    image_input : tf.Tensor
        Takes the pictures.
    batch_size : int
    seed : int
        Of the global generators, which a source of one's own may draw from.
    """

    def __init__(self, source, image_input, batch_size, seed):
        self.source = source
        self.image_input = image_input
        self.batch_size = batch_size
        self.seed = seed

    @property
    def num_training(self):
        return self.source.num_training

    def train(self, epoch):
        """The batches of epoch 1, 2, ..., in an order of its own."""
        contract.begin_epoch(self.source, self.seed, epoch)
        return self.batches(self.source.train_generator)

    def valid(self):
        """The batches of the validation split, always in the same order."""
        return self.batches(self.source.valid_generator)

    def batches(self, generator):
        for images, labels, paths, _ in contract.checked(
                self.source, generator(self.batch_size, names=True)):
            yield Batch({self.image_input: images}, images, labels, paths)
