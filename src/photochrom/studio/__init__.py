"""The studio: a page and an HTTP interface around one `Colorizer`. Needs the extra ``studio``."""
