"""Segmenting videos: frames in, in order, and a video of the overlays out.

frame_names  which pictures are frames of one sequence, by their names
names        which paths are videos, and what their outputs are called
options      the options of videos, and what does not go with them
pipeline     frames through the network, drawn and encoded as they come
reading      frames of a file, a camera or a stream, decoded in order
smoothing    probabilities averaged over time, anew at each change of scene
writing      the MP4 file, which appears whole
"""
