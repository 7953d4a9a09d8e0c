"""A parser of command lines that knows what options are called elsewhere."""
import argparse
import difflib
import sys

# What other programs call it -> ours, the first that a program has.
ELSEWHERE = {
    'lr': ('--learning-rate',),
    'rate': ('--learning-rate',),
    'scheduler': ('--schedule',),
    'lr-schedule': ('--schedule',),
    'lr-scheduler': ('--schedule',),
    'warmup': ('--warm-up',),
    'epoch': ('--epochs',),
    'num-epochs': ('--epochs',),
    'max-epochs': ('--epochs',),
    'iterations': ('--epochs',),
    'max-steps': ('--epochs',),
    'batch': ('--batch-size',),
    'bs': ('--batch-size',),
    'dropout': ('--keep-prob',),
    'wd': ('--weight-decay',),
    'adamw': ('--weight-decay',),
    'grad-clip': ('--clip',),
    'clip-norm': ('--clip',),
    'gradient-accumulation-steps': ('--accumulate',),
    'accum-steps': ('--accumulate',),
    'ema-decay': ('--ema',),
    'ohem': ('--hard-pixels',),
    'smoothing': ('--label-smoothing',),
    'backbone-lr': ('--backbone-rate',),
    'early-stopping': ('--patience',),
    'augmentation': ('--augment',),
    'dataset': ('--data-source',),
    'dataset-name': ('--data-source',),
    'source': ('--data-source',),
    'data': ('--samples-dir', '--data-dir'),
    'data-path': ('--samples-dir', '--data-dir'),
    'data-root': ('--data-dir',),
    'dataset-dir': ('--data-dir',),
    'root': ('--data-dir',),
    'val-split': ('--valid-fraction', '--split'),
    'validation-split': ('--valid-fraction', '--split'),
    'subset': ('--split',),
    'size': ('--image-size',),
    'img-size': ('--image-size',),
    'input-size': ('--image-size',),
    'imgsz': ('--image-size',),
    'crop': ('--crop-size', '--image-size'),
    'crop-size': ('--image-size',),
    'patch-size': ('--crop-size', '--tiles', '--image-size'),
    'width': ('--image-size',),
    'height': ('--image-size',),
    'num-workers': ('--workers',),
    'jobs': ('--workers',),
    'input': ('--samples-dir', '--name', '--data-dir'),
    'input-dir': ('--samples-dir', '--data-dir'),
    'images': ('--samples-dir', '--data-dir'),
    'image': ('--samples-dir', '--data-dir'),
    'image-dir': ('--samples-dir', '--data-dir'),
    'output': ('--output-dir', '--json', '--name'),
    'output-path': ('--output-dir', '--output', '--json', '--name'),
    'out': ('--output-dir', '--output', '--json', '--name'),
    'out-dir': ('--output-dir', '--output', '--report', '--name'),
    'output-dir': ('--output', '--report', '--name'),
    'save-dir': ('--output-dir', '--output', '--report', '--name'),
    'logdir': ('--tensorboard-dir', '--name'),
    'log-dir': ('--tensorboard-dir', '--name'),
    'run': ('--name',),
    'run-dir': ('--name',),
    'model': ('--name',),
    'model-dir': ('--name',),
    'model-path': ('--name',),
    'experiment': ('--name',),
    'arch': ('--model', '--name'),
    'architecture': ('--model', '--name'),
    'backbone': ('--model', '--name'),
    'encoder': ('--model', '--name'),
    'freeze': ('--freeze-encoder',),
    'freeze-backbone': ('--freeze-encoder',),
    'weights': ('--vgg-dir', '--name'),
    'pretrained': ('--vgg-dir', '--name'),
    'vgg': ('--vgg-dir',),
    'vgg-path': ('--vgg-dir',),
    'checkpoint': ('--init-from',),
    'ckpt': ('--checkpoint', '--init-from'),
    'load': ('--init-from', '--name'),
    'fine-tune': ('--init-from',),
    'finetune': ('--init-from',),
    'continue': ('--resume',),
    'restore': ('--resume', '--name'),
    'gpu': ('--device gpu',),
    'gpus': ('--device gpu',),
    'cuda': ('--device gpu',),
    'cpu': ('--device cpu',),
    'fp16': ('--precision float16',),
    'half': ('--precision float16',),
    'bf16': ('--precision bfloat16',),
    'amp': ('--precision auto',),
    'mixed-precision': ('--precision auto',),
    'tta': ('--flip',),
    'multi-scale': ('--scales',),
    'dense-crf': ('--crf',),
    'opacity': ('--alpha',),
    'mask': ('--class-ids',),
    'masks': ('--class-ids',),
    'probabilities': ('--confidence',),
    'random-seed': ('--seed',),
}
CLASSES = 'num-classes', 'n-classes', 'nclasses'


class Parser(argparse.ArgumentParser):
    """A parser whose errors are two lines, not the usage of all options.

    An option that does not exist is reported before any that is missing, with
    the one that was probably meant.
    """

    def parse_known_args(self, args=None, namespace=None):
        args = sys.argv[1:] if args is None else list(args)
        self.check_names(args)      # argparse reports what is missing first
        self.check_values(args)
        return super().parse_known_args(args, namespace)

    def check_names(self, arguments):
        """End in a usage error where an option does not exist."""
        flags = [flag for action in self._actions
                 for flag in action.option_strings if flag[:2] == '--']
        for argument in arguments:
            name = argument.partition('=')[0]
            if name == '--':
                return
            if name[:2] != '--' or name in flags:
                continue
            short_for = [flag for flag in flags if flag.startswith(name)]
            meant = suggest(name, flags)
            # What abbreviates one option may be another's name elsewhere.
            if short_for and (not meant or meant in short_for):
                continue
            if name[2:] in CLASSES:
                self.error(f'{name}: the data source defines the classes')
            self.error(f'{name}: did you mean {meant}?' if meant
                       else f'{name}: there is no such option')

    def check_values(self, arguments):
        """End in a usage error where a value is empty, as of an unset $NAME.
        """
        for before, argument in zip(['', *arguments], arguments):
            flag, equals, value = argument.partition('=')
            if flag[:2] == '--' and equals and not value:
                before, argument = flag, ''
            if not argument:
                where = f'argument {before}' if before[:2] == '--' else \
                    'an argument'
                self.error(f'{where} is empty: a value is wanted')

    def print_help(self, file=None):
        # argparse would pass over a pipe that nobody reads.
        (file or sys.stdout).write(self.format_help())

    def error(self, message):
        self.exit(2, f'{self.prog}: error: {message}\n'
                     f'{self.prog} --help explains the options\n')


def suggest(name, flags):
    """Return the option that was probably meant; None where nothing is near.

    Parameters
    ----------
    name : str
        An option that does not exist.
    flags : sequence of str
        Those that do.

    Examples
    --------
    >>> suggest('--lr', ['--l2', '--learning-rate'])
    '--learning-rate'
    >>> suggest('--Learnig_rate', ['--l2', '--learning-rate'])
    '--learning-rate'
    """
    key = name[2:].lower().replace('_', '-')
    ours = [option for option in ELSEWHERE.get(key, ())
            if option.split()[0] in flags]
    return next(iter(ours or difflib.get_close_matches(
        f'--{key}', flags, 1, .7)), None)
