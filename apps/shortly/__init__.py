"""Shortly, a URL shortener on Werkzeug, Jinja2 and Redis."""
