"""Frames of one sequence, in a row: they are smoothed, and compared."""
from segmentation import opencv, text
from segmentation.evaluation.consistency import flicker
from segmentation.inference.video import frame_names
from segmentation.inference.video.smoothing import TemporalSmoothing


class Sequences:
    """Takes pictures in their order, as frames of sequences.

    Parameters
    ----------
    step : int
        Frames in a row are at most so many numbers apart.
    smoothing : float, optional
        Weight of the past in the probabilities, 0..1.
    is_counted : bool
        Whether flicker is.
    """

    def __init__(self, step, smoothing=None, is_counted=True):
        self.step = step
        self.weight = smoothing
        self.smoothing = TemporalSmoothing(smoothing) if smoothing else None
        self.is_counted = is_counted
        self.flicker = flicker.Flicker()
        self.nearest = None     # numbers between two frames, the fewest
        self.previous = None    # (name, View)

    def distance(self, before, name):
        """Return how many numbers two pictures are apart; None if unrelated.
        """
        first, second = frame_names.parse(before), frame_names.parse(name)
        if not (first and second) or first[0] != second[0]:
            return None
        return second[1] - first[1]

    def follows(self, before, name):
        """Return whether a picture is the next frame after another one."""
        distance = before and self.distance(before, name)
        return bool(distance) and 0 < distance <= self.step

    def smoothed(self, results, name):
        """Yield Results, smoothed where that is asked for.

        Parameters
        ----------
        results : iterable of Result
            In order.
        name : function of a job
            Returns the name of its picture.
        """
        before = None
        for result in results:
            if self.smoothing and result.prediction is not None:
                own = name(result.job)
                if not self.follows(before, own):
                    self.smoothing.restart()
                before = own
                result = result._replace(prediction=self.smoothing.refine(
                    result.sample.image, result.prediction))
            yield result

    def add(self, outcome):
        """Compare the Outcome of a picture with that of the one before."""
        if not self.is_counted:
            return
        view = flicker.view(*outcome.frame)
        if self.previous:
            before, last = self.previous
            distance = self.distance(before, outcome.name)
            if distance and distance > 0:
                self.nearest = min(distance, self.nearest or distance)
            if (self.follows(before, outcome.name)
                    and last.ids.shape == view.ids.shape):
                with opencv.blaming(outcome.name):
                    self.flicker += flicker.compare(last, view)
        self.previous = outcome.name, view

    def lines(self):
        """Return lines for the terminal."""
        smoothing = ([f'[i] temporal smoothing {self.weight:g}']
                     if self.weight else [])
        if not self.is_counted:
            return smoothing
        if not self.flicker.pairs:
            return smoothing + [
                '[i] consistency: no picture follows another one' + (
                    f': frames are {self.nearest} numbers apart, which '
                    f'--consistency {self.nearest} allows'
                    if self.nearest else '')]
        return smoothing + [
            '[i] flicker, of ' + text.counted(self.flicker.pairs, 'pair')
            + f' of frames: {self.flicker.plain.share:.2%}, '
            f'{self.flicker.compensated.share:.2%} motion-compensated'
        ] + ([f'[i] flicker of the labels: {self.flicker.truth.share:.2%}, '
              f'{self.flicker.truth_compensated.share:.2%} '
              'motion-compensated'] if self.flicker.truth.compared else [])

    def describe(self):
        """Return what --json has."""
        counts = self.flicker
        return {'temporal_smoothing': self.weight, 'consistency': {
            'step': self.step, 'pairs': counts.pairs,
            'flicker': counts.plain.share,
            'flicker_compensated': counts.compensated.share,
            'flicker_of_labels': counts.truth.share,
            'flicker_of_labels_compensated': counts.truth_compensated.share,
        } if self.is_counted else None}
