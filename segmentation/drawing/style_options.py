"""The options of every program that draws classes over pictures.

`style` is their front door: what it returns are plain values.
"""
from segmentation import option_types, text
from segmentation.drawing import legend, palettes
from segmentation.drawing import style as styles


def add_options(parser):
    """Add the options that `style` takes to a parser or a group of it."""
    parser.add_argument('--only', nargs='+', metavar='CLASS',
                        help='draw these classes alone in overlays, such as '
                             '--only road,car (default: all but what the '
                             'data source calls background; '
                             f'{text.ALL}: that too)')
    parser.add_argument('--alpha', type=option_types.alpha,
                        default=(None, {}), metavar='A[,CLASS=A...]',
                        help='opacity of the class colours in overlays, for '
                             'all classes, for single ones or both, such as '
                             '0.5,road=0.8 (default: 0.5, or 1 with '
                             '--outline)')
    parser.add_argument('--outline', action='store_true',
                        help='draw the contours of the classes instead of '
                             'their areas')
    parser.add_argument('--palette', type=palettes.parse,
                        choices=palettes.PALETTES, default=palettes.SOURCE,
                        help='colours of the classes: those of the data '
                             'source, or some that colour-blind people can '
                             'tell apart (default: %(default)s)')
    parser.add_argument('--legend', nargs='?', const='below',
                        choices=tuple(legend.PLACES),
                        help='name the classes that are drawn: below each '
                             'overlay, on it or beside it (below if WHERE is '
                             'left out)', metavar='WHERE')


def style(options, model):
    """Return the drawing.style.Style that the options ask for.

    Parameters
    ----------
    options : argparse.Namespace
    model : run_dir.Run or exported.Exported
    """
    alpha, alphas = options.alpha
    return styles.choose(model.class_names, model.label_colors,
                         model.background, options.only, alpha, alphas,
                         options.palette, options.outline, options.legend,
                         '--')
