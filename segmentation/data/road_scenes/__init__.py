"""Data sets of roads whose classes can be taken as those of Cityscapes.

labels          labels with their classes in Cityscapes, and their base source
mapillary       Mapillary Vistas: config.json, and its names in Cityscapes
a2d2            A2D2: class_list.json, and its names in Cityscapes
idd             IDD: its table of labels, and its polygons
"""
