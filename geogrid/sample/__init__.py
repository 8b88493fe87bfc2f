"""Draw a made-up city around real names."""
