"""Scoring a network on pictures with labels, and comparing two networks.

benchmarks    the rules and files of Cityscapes and KITTI road
bootstrap     confidence intervals over pictures
boundary      scores in trimaps, which are bands along class boundaries
calibration   whether a network is right as often as it is confident
common_classes scores on a data set whose classes are others
consistency   how steady predictions are from frame to frame
comparison    what each class gains from one matrix, or run, to another
picture_list  the pictures of a split that a file lists
results       scores as lines for the terminal, as JSON, CSV and pictures
scaling       the temperature after which confidences can be trusted
scorer        pictures and labels read, predictions scored, in threads
selection     which run is scored, on which pictures (the entry point)
sharding      pictures divided among processes or machines
submission    folders of pictures to submit, written atomically
tally         the scores of all pictures, added up
usage         which options go together
"""
