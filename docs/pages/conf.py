# SPDX-License-Identifier: Apache-2.0
"""Sphinx's settings; docs/generate.py copies them beside the pages that it writes."""

import smoothact

project = "smoothact"
author = "the smoothact authors"
copyright = author
version = release = smoothact.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx-mathjax-offline",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
nitpicky = False

html_theme = "furo"
html_title = f"smoothact {version}"
html_static_path = ["_static"]
html_css_files = ["smoothact.css"]
html_js_files = ["filter.js", "sort.js"]
html_copy_source = html_show_sourcelink = False
