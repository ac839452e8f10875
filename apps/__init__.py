"""The applications under test; each exposes `application` in its `wsgi` module."""
