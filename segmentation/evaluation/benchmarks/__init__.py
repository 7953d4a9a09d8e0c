"""Benchmarks with rules of their own, and the files that they want submitted.

benchmark      the seam: what evaluate.py asks of a benchmark
birds_eye      KITTI road's view of the road from above
cityscapes     Cityscapes: label ids, 19 classes
kitti_road     KITTI road: confidence maps, scores of each category
registry       which data source has which benchmark
road_scores    KITTI road's scores of confidence maps
"""
