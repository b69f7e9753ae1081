"""What is seen of an unusual use, and what it asks for (R15, CGU §3.6.a): one table, small detectors, one way to say it."""
