"""Using a trained network: pictures in, predictions at their own size out.

cvat_archive predicted classes as an archive of masks for CVAT
engines      what runs a network: TensorFlow, OpenVINO, ONNX Runtime
golden       does an exported model give what it gave where it was made?
interface    a model for other programs: segmentation.load
jobs         the pictures that infer.py takes, and the record of its outputs
model_options the options of programs that use a model
output_options what infer.py is asked to write, and where it goes
outputs      overlays, class ids, colours and confidences, drawn and written
polygons     outlines of predicted classes, for labelme
prediction   what a network says of one picture, and what may refine it
predictor    jobs -> samples -> batches -> results
shapes       pictures whose shape is not that of the network's input
teacher      probabilities for another network to learn from
tiles        large pictures, in overlapping tiles
tta          test-time augmentation: scales and mirrored pictures, averaged
uncertainty  how sure a network is: temperature, Monte Carlo dropout, ranking
video        videos in, frame by frame, and videos out
"""
