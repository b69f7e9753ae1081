"""What the pages read, one function a page; search and exports."""
