"""Checks of a data set: what is in it, and what is wrong with it.

audit           checks all files and label rows of a source
faults          what is wrong, one line each
inspection      checks the two files of a sample
census          counts the values of a label image
label_rows      checks that label rows are one-hot
ceiling         the scores that a perfect network could reach
summary         the result of an audit: a dict for JSON, lines for people
gallery         draws samples with their classes
pictures        writes the drawings, and knows which ones are its own
survey          counts the values of label files without known classes
class_draft     drafts a class table from a survey
name_draft      drafts a class table from the names of shapes
appearance      what eyes would see: labels that do not fit, odd colours
"""
