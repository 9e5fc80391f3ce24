"""Checks that every report pack passes before it is released: R1 to R16."""
