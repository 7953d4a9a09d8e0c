"""Train a segmentation network on a data source.

    python train.py --data-source kitti --data-dir data_road --vgg-dir vgg \\
        --name runs/kitti --epochs 40 --batch-size 8
    python train.py --name runs/kitti --resume --epochs 80

Everything about the run is in its directory --name: options, log, weights.
"""
import contextlib
import functools
import os
import sys

import models
import recipes
import train_options
import utils
from segmentation import option_types
from segmentation.backbone import course
from segmentation.data import background, contract, loading
from segmentation.errors import InputError
from segmentation.inference import jobs, teacher
from segmentation.processes import gpus
from segmentation.trained import run_dir, saved_options
from segmentation.training import class_weights, run_files
from segmentation.training.caching import options as caching
from segmentation.training.cluster import launching, task
from segmentation.training.distillation import supervision as supervisions
from segmentation.training.distillation import options as distillation
from segmentation.training.optimization import method


def parse_options(argv=None):
    """Return the options of a new run, or those of the run to resume."""
    parser = train_options.make_parser()
    argv = sys.argv[1:] if argv is None else argv
    options = parser.parse_args(argv)
    if options.recipe and not options.resume:
        argv = [*recipe_arguments(options.recipe), *argv]
        options = parser.parse_args(argv)
    if options.sanity and options.resume:
        parser.error('--sanity tests a new run: not with --resume')
    if options.resume:
        return saved_options.resumed(train_options.make_parser, options.name,
                                     train_options.CHANGEABLE, argv)
    if not options.data_source:
        parser.error('--data-source is missing; for example, train.py '
                     '--data-source demo --model fcn-lite --name runs/demo')
    if options.patience:    # nobody knows which epoch will be the last
        parser.set_defaults(schedule='constant')
    if options.initializer == 'truncated_normal':
        parser.set_defaults(stddev=train_options.STDDEV)
    elif options.stddev:
        parser.error('--stddev goes with --initializer truncated_normal')
    return parser.parse_args(argv)


def recipe_arguments(recipe):
    """Return the options that a recipe stands for, as they are typed."""
    return saved_options.recipe_arguments(train_options.make_parser, recipe,
                                          recipes.RECIPES)


def main(argv=None):
    options = parse_options(argv)
    own = task.Task() if options.sanity else task.find(os.environ)
    count = (options.processes if own.is_alone and not options.sanity
             else own.local_size)       # of this machine
    gpus.check_device(options.device, count)
    if own.is_alone and count > 1:
        with run_files.locked(options.name):
            prepare(options, own, is_parent=True)
            return launching.launch(options.processes, [
                sys.executable, os.path.abspath(__file__),
                *(sys.argv[1:] if argv is None else argv)])
    with contextlib.ExitStack() as stack:
        stack.enter_context(launching.member(own, options.device))
        if not (own.rank or own.is_launched or options.sanity):
            stack.enter_context(run_files.locked(options.name))
        source, weights, precision, supervision = prepare(options, own)
        # TensorFlow takes seconds to load: only after all that may be wrong.
        from segmentation.training import launch
        from segmentation.training.diagnosis import trial
        start = (trial.check if options.sanity
                 else functools.partial(launch.train, own,
                                        supervision=supervision))
        return start(options, source, weights, precision,
                     models.MODELS[options.model],
                     models.build_options(options))


def prepare(options, own, is_parent=False):
    """Check all that takes no session.

    Parameters
    ----------
    options : argparse.Namespace
    own : task.Task
        The first process checks the run, whose directory is locked.
    is_parent : bool
        Whether this process only starts others: it leaves the GPUs alone.

    Returns
    -------
    data source
        With its data loaded.
    list of C floats or None
        Class weights of a new run.
    str
        The precision, which a parent does not try on this machine.
    supervision.Supervision or None
        What is learned from a teacher.
    """
    if own.rank == 0 and not options.sanity:
        check_run(options)
    models.check(options)
    caching.check(options)
    method.check(options, models.MODELS[options.model].backbone)
    distillation.check(options)
    precision = wanted_precision(options, bool(is_parent or own.hosts))
    source = load_source(options, own)
    supervision = find_supervision(options, source)
    if supervision and not own.is_launched:
        print(f'[i] {supervision.describe()}')
    if not is_parent:
        precision = choose_precision(precision, options.device)
    weights = note = None
    if not options.resume:
        weights, note = class_weights.class_weights(
            options.class_weights, source, options.data_dir)
    if note and not own.is_launched:
        print(f'[i] {note}')
    crop_size = option_types.resolve_size(options.crop_size,
                                          source.image_size)
    if crop_size:
        option_types.check_image_size(crop_size, 'crop_size')
    if not options.sanity:      # which compares pictures with their files
        contract.configure(source, augment=options.augment,
                           crop_size=crop_size, soft=options.soft_labels)
    leftovers = (own.rank == 0 and not options.sanity
                 and run_files.remove_leftovers(options.name))
    if leftovers:
        print(f'[i] files of a killed process removed from {options.name}: '
              f'{leftovers}')
    if models.MODELS[options.model].backbone and not options.resume:
        course.fetch(options.vgg_dir, offline=options.offline)
    return source, weights, precision, supervision


def check_run(options):
    """Raise OSError or InputError unless the run can be begun or resumed."""
    if options.resume:
        run_files.check_resumable(options.name)
    else:
        run_files.refuse_existing(options.name)
    if options.init_from and not options.resume:
        run_dir.checkpoint(options.init_from, 'best')


def load_source(options, own):
    """Return the data source, checked; the options ask nothing else of it."""
    source = loading.load_source(options)
    if not own.is_launched:     # who has started this process has said it
        if options.recipe and not options.resume:
            print(f'[i] recipe {options.recipe}:',
                  *recipe_arguments(options.recipe))
        utils.print_source(options, source)
    for capability, wanted in (('augment', options.augment
                                or options.views > 1),
                               ('soft', options.soft_labels),
                               ('samples', options.cache_samples)):
        if wanted and not contract.offers(source, capability):
            raise InputError(f'data source {options.data_source!r} gives '
                             'samples as they are: --augment, --views, '
                             '--soft-labels and --cache-samples do not apply')
    if options.crop_size and not contract.offers(source, 'crop_size'):
        raise InputError(f'data source {options.data_source!r} augments '
                         'samples at one size: --crop-size does not apply')
    background.classes(source)      # raises where they are wrong
    if options.resume:
        run_files.check_source(options.name, source)
    if contract.offers(source, 'labels_as_ids'):
        contract.configure(source, labels_as_ids=True)
    contract.check_first_batch(source)
    contract.configure(source, workers=max(
        1, options.workers // own.local_size))
    return source


def find_supervision(options, source):
    """Return what is learned from --teacher, checked; None without one."""
    supervision = None
    if options.teacher:
        supervision = supervisions.make(
            teacher.Teacher(options.teacher, None if options.precision
                            == 'float32' else 'auto', options.teacher_flip,
                            options.workers, options.device),
            source, options.data_source,
            {folder: jobs.list_pictures(folder, options.name)
             for folder in options.unlabelled or ()},
            options.temperature, options.teacher_weight)
    if options.resume:
        supervisions.check_unchanged(supervision, options.name)
    return supervision


def wanted_precision(options, is_joined):
    """Return the precision of a run, a new one or the one to resume.

    In processes that TensorFlow joins, its rewriter makes a graph for
    bfloat16 that it cannot run: InputError says so.
    """
    wanted = options.precision
    if options.resume:      # runs of before have none
        wanted = run_dir.read_options(options.name).get('precision', 'float32')
    if wanted not in train_options.PRECISIONS:
        raise InputError(f'{run_dir.path(options.name, "options.json")}: '
                         f'precision is {wanted!r}: one of '
                         f'{", ".join(train_options.PRECISIONS)} is wanted')
    if is_joined and wanted == 'bfloat16':
        raise InputError('--precision bfloat16 is for one process, or for '
                         'several by Horovod: it does not go with --processes '
                         'or TF_CONFIG')
    return 'float32' if is_joined and wanted == 'auto' else wanted


def choose_precision(wanted, device):
    """Return the precision that this machine computes in.

    InputError says so if it lacks the one, or the device, that is asked for.
    """
    if wanted == 'float32' and device in (None, 'cpu'):
        return wanted
    # Only what may be refused loads TensorFlow before a download.
    from segmentation import tf1
    tf1.check_device(device)
    return tf1.choose_precision(wanted, device)


if __name__ == '__main__':
    utils.run(main)
