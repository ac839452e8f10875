"""The page of `apps.hello`, from Flask."""
