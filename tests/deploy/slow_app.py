"""An application whose import doesn't come to its end."""

import time

print("importing", flush=True)
time.sleep(600)
