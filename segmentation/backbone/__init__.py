"""VGG16: its architecture, its weights from files, its SavedModel.

architecture   layers, shapes, means; random weights
download       fetch an archive over HTTP, again and again where it is cut off
graph          the graph, built with the names of the course's archive
meta_graph     the graph of a SavedModel: checked, probed, cut down
saved_model    find, fetch, write and load the SavedModel
weights        read .npz, .npy, .h5 and .pth
zip_archive    unpack an archive wholly or not at all
"""
