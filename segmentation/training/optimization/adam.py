"""Adam with decoupled weight decay and a learning rate of VGG16's own."""
from segmentation.backbone import architecture
from segmentation.tf1 import tf

VGG16 = {name for name, _, _ in architecture.LAYERS}


def optimizer(learning_rate: tf.Tensor, weight_decay: float = 0,
              backbone_rate: float = 1) -> tf.train.AdamOptimizer:
    """Return the optimizer of a learning rate [].

    Parameters
    ----------
    learning_rate : tf.Tensor
    weight_decay : float, optional
        A step takes the learning rate times this from every kernel.
    backbone_rate : float, optional
        Factor of the learning rate of VGG16.
    """
    if not weight_decay and backbone_rate == 1:
        return tf.train.AdamOptimizer(learning_rate)
    return Adam(learning_rate, weight_decay, backbone_rate)


class Adam(tf.train.AdamOptimizer):
    """Adam as `optimizer` describes it.

    References
    ----------
    .. [1] Loshchilov and Hutter, "Decoupled weight decay regularization",
       2019, with the schedule as a factor of the decay.
    """

    def __init__(self, learning_rate, weight_decay, backbone_rate):
        super().__init__(learning_rate)
        self.weight_decay = weight_decay
        self.backbone_rate = backbone_rate
        self.rate = None

    def _prepare(self):
        super()._prepare()
        self.rate = self._lr_t

    def _apply_dense(self, grad, var):
        return self.apply(super()._apply_dense, grad, var)

    def _resource_apply_dense(self, grad, var):
        return self.apply(super()._resource_apply_dense, grad, var)

    def apply(self, step, gradient, variable):
        """Return the operation of a variable's decay and its step."""
        rate = self.rate
        if variable.op.name.split('/')[0] in VGG16:
            rate = self.backbone_rate * rate
        decays = []
        if self.weight_decay and variable.shape.ndims > 1:   # no biases
            with tf.control_dependencies([gradient]):
                decays = [variable.assign_sub(
                    rate * self.weight_decay * variable)]
        self._lr_t = rate       # what Adam takes
        with tf.control_dependencies(decays):
            return step(gradient, variable)
