"""How Sphinx makes a site of these pages: `make site`."""

project = "airflow-thirdparty"
author = "airflow-thirdparty"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
nitpicky = True
html_theme = "alabaster"
html_theme_options = {"description": "Tasks act in other services as the person who triggered the run."}
html_show_copyright = False
exclude_patterns = ["conf.py"]
