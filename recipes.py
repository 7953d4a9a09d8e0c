"""Named sets of options of train.py, one row a recipe.

    python train.py --recipe coffee --data-source camvid --name runs/street

An option of the command line replaces that of the recipe.
"""
# conv4, conv5 and a head are trained on crops of enlarged pictures.
CROPS = {
    'model': 'fcn-pools', 'freeze_encoder': 'pool3', 'image_size': 1.5,
    'augment': 'strong', 'crop_size': .67, 'batch_size': 4,
    'learning_rate': 1e-3, 'backbone_rate': .1, 'schedule': 'poly',
    'class_weights': 'sqrt-median', 'precision': 'auto'}

RECIPES = {
    # conv5 and a head are trained on stored features of what is below.
    'coffee': {
        'model': 'fcn-pools', 'freeze_encoder': 'pool4', 'epochs': 6,
        'batch_size': 4, 'learning_rate': 3e-3, 'backbone_rate': .05,
        'schedule': 'poly', 'class_weights': 'sqrt-median',
        'precision': 'auto'},
    'lunch': {**CROPS, 'epochs': 26},
    'afternoon': {**CROPS, 'epochs': 64, 'validation_interval': 16},
}
