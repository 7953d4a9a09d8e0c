"""Pictures of results: overlays, legends, sheets; all uint8 BGR.

canvas         text, captions, pictures in rows
confusion      a confusion matrix as a picture
legend         the names of classes, below, on or beside a picture
overlay        classes laid over a picture, as areas or as contours
palettes       colours of classes, for the colour-blind as well
style          which classes are drawn, and how
style_options  the options of a style, for argparse
"""
