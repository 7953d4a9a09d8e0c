"""One module a format, each named as its row in `formats.FORMATS`.

onnx         ONNX, by tf2onnx
openvino     OpenVINO
pb           a frozen graph of TensorFlow
savedmodel   a SavedModel of TensorFlow
tflite       TensorFlow Lite

Each has these functions, and the last one where the format has int8:

write(graph_def, path, size)
    writes the frozen graph; [B, H, W] are free, or fixed as `size` has them
open_file(path)
    returns the function images -> (softmax, classes) by which any program
    would run the file, and nothing of this project
quantize(path, target, pictures, take)
    writes the model at `path` in int8 to `target`, calibrated on pictures
    (1, H, W, 3), BGR uint8, that `take` turns into what the model takes
"""
