"""Write a SavedModel with a serving signature, and run it."""
import contextlib

from segmentation import files, tf1
from segmentation.tf1 import tf

TAG, SIGNATURE = 'serve', 'serving_default'


def write(graph_def, path, size):
    with tf.Graph().as_default() as graph, tf1.session() as sess:
        tf.import_graph_def(graph_def, name='')
        infos = {name: tf.saved_model.build_tensor_info(
            graph.get_tensor_by_name(f'{name}:0'))
            for name in ('image_input', 'softmax', 'classes')}
        signature = tf.saved_model.build_signature_def(
            {'image_input': infos.pop('image_input')}, infos,
            'tensorflow/serving/predict')
        builder = tf.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(sess, [TAG],
                                             {SIGNATURE: signature})
        try:
            builder.save()
        except tf.errors.OpError as error:
            raise OSError(f'{path}: {tf1.reason(error)}')
    files.sync_tree(path)


@contextlib.contextmanager
def open_file(path):
    with tf.Graph().as_default(), tf1.session() as sess:
        meta = tf.saved_model.load(sess, [TAG], path)
        signature = meta.signature_def[SIGNATURE]
        images = signature.inputs['image_input'].name
        outputs = [signature.outputs[name].name
                   for name in ('softmax', 'classes')]
        yield lambda batch: sess.run(outputs, {images: batch})
