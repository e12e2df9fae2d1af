"""What pages and HTTP servers of Photochrom share: middleware, the server, templates."""
