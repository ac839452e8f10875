"""Why a case's figures may not be used: one small check a reason, by whose affair it is."""
