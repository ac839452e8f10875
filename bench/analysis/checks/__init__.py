"""The checks that say why a case's figures may not be used: one a reason, in a module by what it looks at."""
