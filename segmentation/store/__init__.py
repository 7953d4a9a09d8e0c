"""Arrays in files that fill up over several runs, and are checked when read.

array_store  arrays of a folder, memory-mapped: filled, found again, deleted
progress     which samples of such arrays are written, with checksums
"""
