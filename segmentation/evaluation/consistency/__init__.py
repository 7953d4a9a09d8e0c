"""How steady predictions are from frame to frame of a sequence.

flicker      the pixels whose class differs from the frame before
options      the options of frames in sequence
sequences    frames of one sequence, in a row: they are smoothed and counted
"""
