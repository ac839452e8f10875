"""The figures of docs/scale.md."""
