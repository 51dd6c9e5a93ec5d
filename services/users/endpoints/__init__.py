"""The routes: each is of the caller alone, whom the token names."""
