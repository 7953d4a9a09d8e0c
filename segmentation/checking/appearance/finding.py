"""What a test of the appearance of a data set came to."""
from typing import NamedTuple, Optional

from segmentation.checking.appearance.views import View

SOUND, WARNING, FAULT, UNCLEAR = 'sound', 'warning', 'fault', 'unclear'


class Finding(NamedTuple):
    """The result of a test.

    Attributes
    ----------
    test : str
        What was tested, in a few words.
    number : str
        What was measured.
    verdict : str
        SOUND, WARNING, FAULT, or UNCLEAR: there is too little to judge by.
    text : str
        What is wrong, or may be; empty if nothing is.
    view : View, optional
        The sample that shows it best.
    """

    test: str
    number: str
    verdict: str
    text: str = ''
    view: Optional[View] = None
