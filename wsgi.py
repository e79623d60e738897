"""What a WSGI server imports: ``wsgi:app``."""

from webapp import create_app

app = create_app()
