"""What every HTTP server of Photochrom shares: middleware, connections, the server. It needs the `studio` extra."""
