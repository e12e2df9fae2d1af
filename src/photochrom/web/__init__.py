"""What every HTTP server of Photochrom shares: middleware, connections, the server itself. It needs the `studio` extra."""
