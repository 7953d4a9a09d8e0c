"""Write a frozen graph of TensorFlow, and run it."""
import contextlib

from segmentation import tf1
from segmentation.tf1 import tf


def write(graph_def, path, size):
    with open(path, 'wb') as file:
        file.write(graph_def.SerializeToString())


@contextlib.contextmanager
def open_file(path):
    graph_def = tf.GraphDef()
    with open(path, 'rb') as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default(), tf1.session() as sess:
        tf.import_graph_def(graph_def, name='')
        yield lambda images: sess.run(['softmax:0', 'classes:0'],
                                      {'image_input:0': images})
