"""Labels that are shapes with names, as annotation tools write them.

source          the base of data sources of this kind
tabled          the base of all that have a class table, classes.csv
shapes          paints shapes as class ids: the one rasterizer
names           classes.csv looked up by the names of shapes
labelme         a JSON file beside each picture
coco            COCO: instances and panoptic segments
cvat            CVAT for images 1.1: one XML file
run_lengths     masks that are run-length encoded
"""
