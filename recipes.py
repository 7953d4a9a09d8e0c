"""Named sets of options of train.py, one row a recipe.

    python train.py --recipe coffee --data-source camvid --name runs/street

An option of the command line replaces that of the recipe.
"""
RECIPES = {
    'coffee': {
        'model': 'fcn-pools', 'freeze_encoder': 'whole', 'epochs': 8,
        'learning_rate': 3e-3, 'schedule': 'poly',
        'class_weights': 'sqrt-median', 'precision': 'auto'},
}
