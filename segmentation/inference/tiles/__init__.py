"""Pictures of any size, in overlapping tiles whose probabilities are blended.

blending    tiles in a row -> probabilities without seams, part by part
engine      a network that sees its pictures tile by tile
layout      where tiles lie, and what each pixel of them weighs
options     --tiles and --overlap
prediction  a byte a pixel of what a network says of a large picture
predictor   jobs -> samples -> such predictions
"""
