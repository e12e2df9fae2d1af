"""The studio: a page, an HTTP interface and a bot around one `Colorizer`. Needs the extra ``studio``."""
