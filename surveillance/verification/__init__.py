"""A session that must prove again whose it is: asked by the signals and against the automata (R15, R17; CGU §3.6.a)."""
