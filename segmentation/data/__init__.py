"""From files on disk to batches: pictures (B, H, W, 3), labels (B, H, W, C).

contract        what a data source must have, and what it may offer
loading         data sources by name: found, made and loaded
data_source     the base class of data sources
batching        batches that threads read ahead, and checks of their arrays
augmentation    flips, crops, light and more of training samples
splits          which pictures are for validation, drawn or recorded by a run
class_table     classes.csv: names, ids and colours of classes
listing         the files of a folder
background      which classes overlays leave unpainted
label_files     label files as they are on disk: PNG, ids, colours
cache           results kept in the user's cache folder
cityscapes      the label table of Cityscapes and its folders
kitti_road      file names and calibrations of KITTI road
annotations     shapes with names: labelme, COCO, CVAT
road_scenes     more data sets of roads, and their classes in Cityscapes'
"""
