"""The books: double entry, in minor units, appended to and never changed."""
