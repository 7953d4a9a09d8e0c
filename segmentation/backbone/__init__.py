"""VGG16: its architecture, its weights from files, its SavedModel.

architecture   layers, shapes, means; random weights
array_claims   what a file says about an array, against the file's size
course         the course's archive with the SavedModel: find it or fetch it
dilated        the last block at stride 8
download       fetch a file over HTTP, again and again where it is cut off
graph          the graph, built with the names of the course's archive
keras_weights  the weights that Keras publishes; read .h5
meta_graph     the graph of a SavedModel: checked, probed, cut down
numpy_files    read .npz and .npy
saved_model    write and load the SavedModel
weights        read .npz, .npy, .h5 and .pth
zip_archive    unpack an archive wholly or not at all
"""
