"""The public face of data sources: what a source_NAME.py derives from.

``DataSource`` does the work of a data source that gives a table of classes
and a list of files; ``IGNORE`` is the class id of a pixel that is not
scored. The contract that every source keeps, derived from it or not, is the
table at the top of segmentation/data/contract.py.
"""
from segmentation.data.data_source import DataSource
from segmentation.pixels import IGNORE

__all__ = ['DataSource', 'IGNORE']
