"""wsgi-bench: which WSGI server serves this application best on this machine, and how sure are we?"""
