"""A page of scores and mistakes to look at, in any browser.

folder         the folder of a report, new or replaced
highlights     which pictures and confusions are worth showing
page           what the page shows; draws its pictures, writes it
panels         a picture as layers that the page lays over one another
plots          curves and reliability diagram as SVG
report         the template of the page, HTML for jinja2
"""
