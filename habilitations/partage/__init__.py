"""Sharing authority: suppléants, délégations, one by one or by file, and their yearly review."""
