"""What eyes would see in a data set, measured on a few of its samples.

finding       what a test came to: a number, a verdict, the worst sample
views         samples at the size of their files
alignment     labels that are moved, mirrored, or of other pictures
transitions   ids or colours that were interpolated
examine       all the tests, one after another
content       classes whose colour or place is odd, labels without a class
duplicates    pictures that are nearly the same on both sides of the split
"""
