"""What stands before a view: sign-in, access, re-authentication, middleware."""
