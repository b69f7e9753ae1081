"""A template and its data become a PDF. Pure: no database, no request."""
